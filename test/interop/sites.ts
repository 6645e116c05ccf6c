// The two sites that peers and browsers are shown, and what is known of them by reading their pages.

import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Site {
	readonly name: string;
	readonly folder: string;
	/** Options of the command that its size asks for. */
	readonly options: readonly string[];
	/** The target of every page: the root, and each HTML file. */
	readonly pages: readonly string[];
	/** What a page has been found to need, by hand; not all pages have been gone through. */
	readonly needs: Readonly<Record<string, Needs>>;
}

/** Targets as a browser writes them, those of other origins as URLs. */
export interface Needs {
	/** What is to come with the page, in the order in which it is held up by it. */
	readonly with: readonly string[];
	/** What is not to come with it, and why. */
	readonly without: Readonly<Record<string, string>>;
}

const pagesIn = (folder: string): readonly string[] => [
	'/',
	...readdirSync(folder, { recursive: true, encoding: 'utf8' })
		.filter((file) => file.endsWith('.html'))
		.map((file) => `/${file.replaceAll('\\', '/')}`)
		.sort(),
];

const example = fileURLToPath(new URL('../../public-example', import.meta.url));
const blog = `${dirname(fileURLToPath(import.meta.resolve('startbootstrap-clean-blog/package.json')))}/dist`;

const EXAMPLE_INDEX: Needs = {
	with: [
		'/css/site.css?v=3',
		'/css/wide.css',
		'/css/motion.css',
		'/css/theme.css',
		'/css/dark.css',
		'/css/layout.css',
		'/css/parts.css',
		'/css/type.css',
		'/js/theme.js',
		'/js/facets.js',
		'/js/main.js',
		'/js/torch.js',
		'/js/moon.js',
		'/js/catalogue.js',
		'/js/wisps.js',
		'/js/filters.js',
		'/js/drift.js',
		'/js/light.js',
		'/js/kelvin.8fe7404fd529.js',
		'/fonts/gloock.woff2',
		'/fonts/alegreya.woff2',
		'/fonts/alegreya-italic.woff2',
		'/fonts/alegreya-bold.woff2',
		'/img/sprite.svg',
		'/img/plates/plate%20no.%20%231.svg',
		"/img/plates/St%20Elmo's%20fire.svg",
		'/img/plates/foxfire.svg',
		'/img/stars.svg?tile=240',
		'/img/reed%20bed.svg',
		'/img/ornament.svg',
		'/img/icon.svg',
		'/site.webmanifest',
	],
	without: {
		'/css/print.css': 'other media',
		'/css/red-torch.css': 'alternate',
		'/js/legacy.js': 'nomodule',
		'/img/hero.jpg': 'the client chooses',
		'/img/stars.svg': 'no element shows it',
		'/img/ruled%20paper.svg': 'no element shows it',
		'/img/compass.svg': 'no element shows it',
		'/img/icon-32.png': 'another icon is preferred',
		'/img/plates/hessdalen.svg': 'lazy',
		'/img/plates/marfa.svg': 'lazy',
		'/img/plates/min-min.svg': 'lazy',
		'/img/plates/brown-mountain.svg': 'lazy',
		'/img/plates/naga.svg': 'lazy',
		'/img/plates/%E4%B8%8D%E7%9F%A5%E7%81%AB.svg': 'lazy',
		'/img/plates/Paassel%C3%A4n%20pirut.svg': 'lazy',
		'/img/plates/Boitat%C3%A1.svg': 'lazy',
		'/img/plates/aleya.svg': 'lazy',
		'/img/watch.webp?size=large&tone=warm': 'lazy',
	},
};

const BLOG_INDEX: Needs = {
	with: ['/css/styles.css', '/js/scripts.js', '/assets/img/home-bg.jpg', '/assets/favicon.ico'],
	without: {
		'https://use.fontawesome.com/releases/v6.3.0/js/all.js': 'other origin',
		'https://fonts.googleapis.com/css?family=Lora:400,700,400italic,700italic': 'other origin',
		'https://fonts.googleapis.com/css?family=Open+Sans:300italic,400italic,600italic,700italic,800italic,400,300,600,700,800':
			'other origin',
		'https://cdn.jsdelivr.net/npm/bootstrap@5.2.3/dist/js/bootstrap.bundle.min.js': 'other origin',
	},
};

export const SITES: readonly [example: Site, blog: Site] = [
	{
		name: 'public-example',
		folder: example,
		options: [],
		pages: pagesIn(example),
		needs: { '/': EXAMPLE_INDEX, '/index.html': EXAMPLE_INDEX },
	},
	{
		name: 'startbootstrap-clean-blog',
		folder: blog,
		options: ['--push-budget', '8388608'],
		pages: pagesIn(blog),
		needs: { '/': BLOG_INDEX, '/index.html': BLOG_INDEX },
	},
];
