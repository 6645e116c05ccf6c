// Dates in fields (RFC 9110 §5.6.7), in whole seconds since 1970.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_NAME = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const DAY_NAME_LONG = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';

/** The preferred form and the two obsolete ones, which every recipient must accept. */
const FORMS = [
	new RegExp(`^${DAY_NAME}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
	new RegExp(`^${DAY_NAME_LONG}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
	new RegExp(`^${DAY_NAME} ${MONTH} (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * The moment that an HTTP-date names; `undefined` where the text is none. That the day of the week fits is not checked.
 *
 * @param text a field's value
 * @param now seconds since 1970: years of two digits are read as at most 50 years from then
 */
export const parseDate = (text: string, now: number): number | undefined => {
	for (const form of FORMS) {
		const parts = form.exec(text)?.groups;
		if (parts !== undefined) return secondsOf(parts, now);
	}
	return undefined;
};

const secondsOf = (parts: Readonly<Record<string, string>>, now: number): number | undefined => {
	const { month = '' } = parts;
	const [year = 0, day = 0, hour = 0, minute = 0, second = 0] = [
		parts.year,
		parts.day,
		parts.hour,
		parts.minute,
		parts.second,
	].map(Number);
	// A leap second has the number 60.
	if (hour > 23 || minute > 59 || second > 60) return undefined;
	const at = (fullYear: number): number | undefined => {
		// Date.UTC takes the years 0–99 for 1900–1999.
		const date = new Date(Date.UTC(2000, MONTHS.indexOf(month), day, hour, minute, 0));
		date.setUTCFullYear(fullYear, MONTHS.indexOf(month), day);
		// Else the month does not have such a day.
		return date.getUTCDate() === day ? date.getTime() / 1000 + second : undefined;
	};
	if (parts.year?.length !== 2) return at(year);
	const latest = new Date(now * 1000).getUTCFullYear() + 50;
	const moment = at(latest - ((((latest - year) % 100) + 100) % 100));
	// In the 50th year from now, but later in it.
	return moment !== undefined && moment > now + FIFTY_YEARS ? at(latest - 100) : moment;
};

const FIFTY_YEARS = 50 * 365.25 * 86_400;

/** The date in the preferred form, as in `Sun, 06 Nov 1994 08:49:37 GMT`. */
export const formatDate = (seconds: number): string => new Date(seconds * 1000).toUTCString();
