// Figures as text, and tables of them. What could not be measured is not a number, and shows as an empty cell.

export type Row = readonly string[];

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length / 2;
	return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** Smallest and largest, as ratios. */
export function range(values: readonly number[]): string {
	return `${ratio(Math.min(...values))}–${ratio(Math.max(...values))}`;
}

export function ratio(value: number): string {
	return Number.isNaN(value) ? '' : value.toFixed(2);
}

export function integer(value: number): string {
	return Number.isNaN(value) ? '' : Math.round(value).toLocaleString('en');
}

export function percent(value: number): string {
	return Number.isNaN(value) ? '' : `${Math.round(value * 100)} %`;
}

export function milliseconds(value: number): string {
	return `${value < 10 ? value.toFixed(1) : integer(value)} ms`;
}

export function megabytes(bytes: number): string {
	return `${integer(bytes / 1e6)} MB`;
}

/** `share`: how much of the bar was reached; `floor`: the share below which it is a fault. Only ever words. */
export function verdict(share: number, floor = 1): string {
	if (share >= 1) return 'bar met';
	return share >= floor && floor < 1 ? 'under the bar' : floor < 1 ? 'UNDER THE FLOOR' : 'UNDER THE BAR';
}

/** What went wrong, each different text once, with how often it occurred. */
export class Faults {
	readonly #times = new Map<string, number>();

	add(text: string, times = 1): void {
		if (times > 0) this.#times.set(text, (this.#times.get(text) ?? 0) + times);
	}

	/** Takes over the faults of a part, `whose` before each. */
	addAll(faults: Faults, whose: string): void {
		for (const [text, times] of faults.#times) this.add(`${whose}: ${text}`, times);
	}

	get isEmpty(): boolean {
		return this.#times.size === 0;
	}

	lines(): readonly string[] {
		return [...this.#times].map(
			([text, times]) => `  FAULT ${text}${times === 1 ? '' : ` (${times} times)`}`,
		);
	}
}

/** Columns as wide as their widest cell; texts to the left (the first two columns and the last), figures to the right. */
export function table(rows: readonly Row[]): string {
	const columns = Math.max(...rows.map((row) => row.length));
	const widths = Array.from({ length: columns }, (_, column) =>
		Math.max(...rows.map((row) => (row[column] ?? '').length)),
	);
	const line = (row: Row): string =>
		widths
			.map((width, column) => {
				const text = row[column] ?? '';
				return column < 2 || column === columns - 1 ? text.padEnd(width) : text.padStart(width);
			})
			.join('  ')
			.trimEnd();
	return rows.map((row) => `  ${line(row)}`).join('\n');
}
