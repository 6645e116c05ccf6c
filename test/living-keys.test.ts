import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LivingKeys } from '../src/digest/living-keys.ts';
import { keyOf, type ResourceVersion } from '../src/digest/resource-key.ts';
import { onRandom } from './support/random.ts';

const livingKeys = suite('living keys');

const versionOf = (index: number): ResourceVersion => ({ url: `/${index}.js`, hash: `hash ${index}` });

/** Two versions whose keys are equal in their top `bits` bits, and no further where they have further ones. */
const findPair = (bits: number): readonly [ResourceVersion, ResourceVersion] => {
	const seen = new Map<number, ResourceVersion>();
	for (let index = 0; ; index++) {
		const version = versionOf(index);
		const top = keyOf(version) >> (20 - bits);
		const earlier = seen.get(top);
		if (
			earlier !== undefined &&
			(bits === 20 || keyOf(earlier) >> (19 - bits) !== keyOf(version) >> (19 - bits))
		)
			return [earlier, version];
		seen.set(top, version);
	}
};

livingKeys('no key is current before a version bears it', () => {
	const keys = new LivingKeys();
	for (const width of [20, 18, 16]) {
		assert.is(keys.isCurrent(0, width), false);
		assert.is(keys.isCurrent(2 ** width - 1, width), false);
		assert.is(keys.needsAge(0, width), false);
	}
});

for (const width of [20, 18, 16])
	livingKeys(
		`a key of ${width} bits is current while its version is present, and its neighbours are not`,
		() => {
			const keys = new LivingKeys();
			const version = versionOf(1);
			const key = keyOf(version) >> (20 - width);
			keys.add(version, false);
			assert.is(keys.isCurrent(key, width), true);
			assert.is(keys.isCurrent(key - 1, width), false);
			assert.is(keys.isCurrent(key + 1, width), false);
			keys.remove(version);
			assert.is(keys.isCurrent(key, width), false);
		},
	);

for (const width of [20, 18, 16])
	livingKeys(
		`a key of ${width} bits that two versions share is current until the last of them is gone`,
		() => {
			const keys = new LivingKeys();
			const [one, other] = findPair(width);
			const key = keyOf(one) >> (20 - width);
			keys.add(one, false);
			keys.add(other, false);
			keys.remove(one);
			assert.is(keys.isCurrent(key, width), true);
			keys.remove(other);
			assert.is(keys.isCurrent(key, width), false);
		},
	);

livingKeys('another URL of a version is current as long as that one is present', () => {
	const keys = new LivingKeys();
	const version = versionOf(1);
	const variant = { ...version, url: `${version.url}?v=3` };
	keys.add(version, false);
	keys.addVariant(version, variant, false);
	keys.addVariant(version, { ...variant }, false);
	assert.is(keys.isCurrent(keyOf(variant), 20), true);
	keys.remove(version);
	assert.is(keys.isCurrent(keyOf(variant), 20), false);
	assert.is(keys.isCurrent(keyOf(version), 20), false);
});

livingKeys(
	'another URL of a version that is gone already is not current: nothing would ever remove it',
	() => {
		const keys = new LivingKeys();
		const version = versionOf(1);
		const variant = { ...version, url: `${version.url}?v=3` };
		keys.add(version, false);
		keys.remove(version);
		keys.addVariant(version, variant, false);
		assert.is(keys.isCurrent(keyOf(variant), 20), false);
		keys.add(version, false);
		keys.addVariant(version, variant, false);
		assert.is(keys.isCurrent(keyOf(variant), 20), true);
	},
);

livingKeys('a version that is added twice is gone after it was removed twice', () => {
	const keys = new LivingKeys();
	const version = versionOf(1);
	keys.add(version, false);
	keys.add(version, false);
	keys.remove(version);
	assert.is(keys.isCurrent(keyOf(version), 20), true);
	keys.remove(version);
	assert.is(keys.isCurrent(keyOf(version), 20), false);
});

livingKeys('to remove what is not there leaves no debt', () => {
	const keys = new LivingKeys();
	const version = versionOf(1);
	keys.remove(version);
	assert.is(keys.isCurrent(keyOf(version), 20), false);
	keys.add(version, false);
	assert.is(keys.isCurrent(keyOf(version), 20), true);
	keys.remove(version);
	assert.is(keys.isCurrent(keyOf(version), 20), false);
});

livingKeys('a count that is full stays: no present version is ever taken for a gone one', () => {
	const keys = new LivingKeys();
	const version = versionOf(1);
	for (let time = 0; time < 65_536 + 5; time++) keys.add(version, false);
	for (let time = 0; time < 65_536 + 4; time++) {
		keys.remove(version);
		if (!keys.isCurrent(keyOf(version), 20)) assert.unreachable(`gone after ${time + 1} removals`);
	}
});

livingKeys('a count just below full goes down to nothing', () => {
	const keys = new LivingKeys();
	const version = versionOf(1);
	for (let time = 0; time < 65_534; time++) keys.add(version, false);
	for (let time = 0; time < 65_534; time++) keys.remove(version);
	assert.is(keys.isCurrent(keyOf(version), 20), false);
});

livingKeys('the need of an age is told at every width, and outlives its version', () => {
	const keys = new LivingKeys();
	const version = versionOf(1);
	keys.add(version, true);
	for (const width of [20, 18, 16]) {
		const key = keyOf(version) >> (20 - width);
		assert.is(keys.needsAge(key, width), true);
		assert.is(keys.needsAge(key ^ 1, width), false);
	}
	keys.remove(version);
	assert.is(keys.needsAge(keyOf(version), 20), true);
});

livingKeys('of versions that share a key, one that needs an age decides', () => {
	const keys = new LivingKeys();
	const [one, other] = findPair(20);
	keys.add(one, true);
	keys.add(other, false);
	assert.is(keys.needsAge(keyOf(one), 20), true);
});

livingKeys('a key that its width cannot have is not current', () => {
	const keys = new LivingKeys();
	for (let index = 0; index < 1000; index++) keys.add(versionOf(index), true);
	for (const width of [20, 18, 16])
		for (const key of [2 ** width, 2 ** 30, -1]) {
			assert.is(keys.isCurrent(key, width), false);
			assert.is(keys.needsAge(key, width), false);
		}
});

livingKeys(
	'after any sequence of changes exactly the keys of present versions are current',
	onRandom((random) => {
		const keys = new LivingKeys();
		const present = new Set<number>();
		for (let step = 0; step < 5000; step++) {
			const index = random.below(400);
			if (present.delete(index)) keys.remove(versionOf(index));
			else {
				present.add(index);
				keys.add(versionOf(index), random.once(2));
			}
		}
		for (const width of [20, 18, 16]) {
			const current = new Set([...present].map((index) => keyOf(versionOf(index)) >> (20 - width)));
			for (let key = 0; key < 2 ** width; key++)
				if (keys.isCurrent(key, width) !== current.has(key)) assert.unreachable(`${key} of ${width} bits`);
		}
	}),
);

livingKeys.run();
