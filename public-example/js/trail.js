// The answers given so far. Going back to a question forgets it and what came after.
export class Trail {
	#steps = [];

	add(from, answer) {
		this.forget(from);
		this.#steps.push({ from, answer });
	}

	forget(from) {
		const at = this.#steps.findIndex((step) => step.from === from);
		if (at >= 0) this.#steps.length = at;
	}

	get steps() {
		return [...this.#steps];
	}
}
