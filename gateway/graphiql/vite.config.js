import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

const here = import.meta.dirname;
const SOURCES = ['package.json', 'package-lock.json', 'vite.config.js', 'index.html', 'src'];

// Editor features nobody needs for GraphQL operations and JSON (dropped from Monaco's list of all features).
const UNUSED_FEATURES = [
  'widget/diffEditor',
  'contrib/codeAction',
  'contrib/codelens',
  'contrib/colorPicker',
  'contrib/diffEditorBreadcrumbs',
  'contrib/documentSymbols',
  'contrib/dropOrPasteInto',
  'contrib/inPlaceReplace',
  'contrib/inlayHints',
  'contrib/inlineCompletions',
  'contrib/inlineEdit',
  'contrib/inlineEdits',
  'contrib/inlineProgress',
  'contrib/linkedEditing',
  'contrib/rename',
  'contrib/sectionHeaders',
  'contrib/semanticTokens',
  'contrib/stickyScroll',
  'contrib/suggest/browser/suggestInlineCompletions',
];

function trimMonaco() {
  return {
    name: 'trim-monaco',
    transform(code, id) {
      if (!id.endsWith('/monaco-editor/esm/vs/editor/editor.all.js')) return null;
      const lines = code.split('\n');
      const imports = (line, feature) => line.includes(`/${feature}/`) || line.includes(`/${feature}.js`);
      const gone = UNUSED_FEATURES.filter((feature) => !lines.some((line) => imports(line, feature)));
      if (gone.length) this.warn(`Monaco has no such features any more: ${gone.join(', ')}`);
      const kept = lines.filter((line) => !UNUSED_FEATURES.some((feature) => imports(line, feature)));
      return { code: kept.join('\n'), map: null };
    },
  };
}

// Every package with a module in the bundle (workers included), for dist/LICENSES.txt.
const bundled = new Set();

function collectPackages() {
  return {
    name: 'collect-packages',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.moduleIds ?? []) {
          const [, folder] = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id) ?? [];
          if (folder) bundled.add(folder);
        }
      }
    },
  };
}

// Long paragraphs (most packages carry the same MIT text) are given once and referred to by number afterwards.
function shortener() {
  const seen = new Map();
  return (text) =>
    text
      .split(/\n[\s>]*\n/)
      .map((paragraph) => {
        const key = paragraph.replace(/[\s>*"'“”‘’`]+/g, ' ').trim();
        if (key.length < 160) return paragraph;
        if (seen.has(key)) return `[same text as (${seen.get(key)}) above]`;
        seen.set(key, seen.size + 1);
        return `(${seen.size})\n${paragraph}`;
      })
      .join('\n\n');
}

function licences() {
  const texts = new Map();
  for (const folder of bundled) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|third-?party)/i.test(file)).sort();
    const body = files.map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
    texts.set(`${name} ${version} (${license ?? 'licence: see below'})`, body.join('\n\n'));
  }
  const names = [...texts.keys()].sort();
  const rule = '-'.repeat(78);
  const shorten = shortener();
  return [
    'The files in assets/ are made of the packages listed here, bundled, minified and without parts not used.',
    'Their licence texts follow.\n',
    ...names.map((name) => `  ${name}`),
    ...names.map((name) => {
      const text = texts.get(name) || 'The package comes without a licence file; see the licence named above.';
      return `\n${rule}\n${name}\n${rule}\n\n${shorten(text)}`;
    }),
    '',
  ].join('\n');
}

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

// All files at or below a path, as sorted paths relative to `base` with forward slashes.
function filesOf(path, base) {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(base, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

// One line "<sha256>  <path>\n" per source file, sorted by path (what sha256sum prints), hashed again.
function sourceHash() {
  const files = SOURCES.flatMap((name) => (name === 'src' ? filesOf(join(here, name), here) : [name])).sort();
  return sha256(files.map((file) => `${sha256(readFileSync(join(here, file)))}  ${file}\n`).join(''));
}

// Files that get smaller, beside which the build writes what a browser that takes br or gzip is sent.
const COMPRESSIBLE = /\.(js|css|svg|ttf|html|txt)$/;
const MIN_BYTES = 1024;

function compress(dist) {
  for (const file of filesOf(dist, dist).filter((name) => COMPRESSIBLE.test(name))) {
    const data = readFileSync(join(dist, file));
    if (data.length < MIN_BYTES) continue;
    const size = { [constants.BROTLI_PARAM_SIZE_HINT]: data.length };
    writeFileSync(join(dist, `${file}.br`), brotliCompressSync(data, { params: size }));
    writeFileSync(join(dist, `${file}.gz`), gzipSync(data, { level: 9 }));
  }
}

function manifest() {
  let dist;
  return {
    name: 'manifest',
    apply: 'build',
    configResolved(config) {
      dist = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      writeFileSync(join(dist, 'LICENSES.txt'), licences());
      compress(dist);
      const files = filesOf(dist, dist).filter((file) => file !== 'manifest.json');
      const hashes = Object.fromEntries(files.map((file) => [file, sha256(readFileSync(join(dist, file)))]));
      const text = JSON.stringify({ source: sourceHash(), ...hashes }, null, 2);
      writeFileSync(join(dist, 'manifest.json'), `${text}\n`);
    },
  };
}

const quiet = {
  onwarn(warning, warn) {
    if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning); // "use client"
  },
};

export default defineConfig({
  root: here,
  base: '/graphiql/',
  publicDir: false,
  plugins: [trimMonaco(), collectPackages(), manifest()],
  worker: { format: 'es', plugins: () => [collectPackages()], rolldownOptions: quiet },
  resolve: {
    dedupe: ['graphql', 'react', 'react-dom', '@graphiql/react'],
    alias: {
      'prettier/parser-graphql': 'prettier/plugins/graphql',
      'prettier/parser-babel': join(here, 'src/prettier-jsonc.js'),
      'prettier/plugins/estree': join(here, 'src/prettier-jsonc.js'),
    },
  },
  build: {
    assetsInlineLimit: 0, // files instead of data: URLs, for a strict Content-Security-Policy
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 4000,
    rolldownOptions: quiet,
  },
});
