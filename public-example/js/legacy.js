// nomodule: only browsers too old for modules fetch this, and they get a line of explanation.
(function () {
	var list = document.getElementById('lights');
	if (!list) return;
	var note = document.createElement('p');
	note.appendChild(document.createTextNode('The filters need a newer browser. All twelve lights are below.'));
	list.parentNode.insertBefore(note, list);
})();
