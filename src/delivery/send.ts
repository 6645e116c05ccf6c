// An answer on its way to whoever asked for it: a file, a part of it, its form in a content coding, or a 304.

import type { Coding } from '../http/content-coding.ts';
import type { Part } from '../http/range.ts';
import type { Selection } from '../http/selection.ts';
import type { Asset } from '../site/snapshot.ts';
import { type Body, streamFile } from './body.ts';
import { type AssetFields, partFields } from './fields.ts';
import type { Reply, ResponseFields } from './reply.ts';

/** What answers a request for a file. */
export interface Answer {
	readonly asset: Asset;
	readonly selection: Exclude<Selection, { kind: 'failed' | 'unsatisfiable' }>;
	/** In which form it travels where that form has been made of the body; `undefined`: as it is, as every part does. */
	readonly coding: Coding | undefined;
	/** `undefined` where there is nothing to send; an open file is closed in any case. */
	readonly body: Body | undefined;
}

/**
 * Sends an answer.
 * @param known the fields of the asset
 * @param isHead the fields alone
 * @param own fields for this client alone
 */
export const sendAnswer = (
	reply: Reply,
	answer: Answer,
	known: AssetFields,
	isHead: boolean,
	own: Readonly<Record<string, string>> | undefined,
): void => {
	const { asset, selection, body } = answer;
	const coded = codedBodyOf(answer.coding, body);
	const common = fieldsOf(answer, known, coded);
	const isEnd = isHead || body === undefined || selection.kind === 'not-modified';
	reply.head(own === undefined ? common : { ...common, ...own }, isEnd);
	if (!isEnd) sendBody(reply, asset, body, selection.kind === 'part' ? selection : undefined, coded);
	else if (body?.kind === 'file') void body.handle.close();
};

const fieldsOf = (
	{ selection, coding }: Answer,
	{ full, notModified, coded: codedFields }: AssetFields,
	coded: Buffer | undefined,
): ResponseFields => {
	switch (selection.kind) {
		case 'whole':
			return (coded && coding && codedFields?.full(coding, coded.length)) ?? full;
		case 'not-modified':
			return (coding && codedFields?.notModified) ?? notModified;
		case 'part':
			return partFields(full, selection.start, selection.end);
	}
};

/** The body in its coding; `undefined` where it has none, or where that would make it no smaller. */
export const codedBodyOf = (coding: Coding | undefined, body: Body | undefined): Buffer | undefined => {
	if (coding === undefined || body?.kind !== 'held') return undefined;
	const coded = body.codings.get(coding);
	return coded === body.bytes ? undefined : coded;
};

/**
 * Sends `body`, or a part of it, or its form in a content coding, after the fields have been sent. What cannot be sent to
 * its end is reset.
 */
export const sendBody = (
	reply: Reply,
	asset: Asset,
	body: Body,
	part: Part | undefined,
	coded?: Buffer | undefined,
): void => {
	if (coded !== undefined) reply.body.end(coded);
	else if (body.kind === 'held')
		reply.body.end(part === undefined ? body.bytes : body.bytes.subarray(part.start, part.end));
	else
		void streamFile(asset, body.handle, reply.body, part?.start, part?.end).then(
			(isWhole) => isWhole || reply.reset(),
		);
};
