import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { compileMessage } from '@lingui/message-utils/compileMessage';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const here = import.meta.dirname;
const dist = join(here, 'dist');
// What the bundle is made of, beside all of src/. tests/portal/test_bundle.py has the same list.
const SOURCES = ['codegen.js', 'index.html', 'package-lock.json', 'package.json', 'tsconfig.json', 'vite.config.ts'];
const COMPRESSED = /\.(js|css|svg|html|json)$/;

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

// The files below a folder, as sorted paths relative to `base` with forward slashes.
function filesOf(folder: string, base: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(base, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

// The hash of one line "<sha256>  <path>\n" per source file, as sha256sum prints it.
function sourceHash(): string {
  const files = [...SOURCES, ...filesOf(join(here, 'src'), here)].sort();
  return sha256(files.map((file) => `${sha256(readFileSync(join(here, file)))}  ${file}\n`).join(''));
}

function compress(file: string): void {
  const content = readFileSync(file);
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }));
}

// Modules `catalog:LANGUAGE`: the messages of a language, compiled from ICU MessageFormat.
function catalogs(): Plugin {
  const prefix = '\0catalog:';
  return {
    name: 'catalogs',
    resolveId: (id) => (id.startsWith('catalog:') ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(prefix)) return null;
      const file = join(here, `src/i18n/locales/${id.slice(prefix.length)}.json`);
      this.addWatchFile(file);
      const messages = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>);
      const compiled = Object.fromEntries(messages.map(([name, text]) => [name, compileMessage(text)]));
      return `export const messages = JSON.parse(${JSON.stringify(JSON.stringify(compiled))});`;
    },
  };
}

// Modules `document:NAME`: the id of a document, which is loaded with the pages that use it.
function documents(): Plugin {
  const generated = join(here, 'src/api/__generated__/graphql.ts');
  const prefix = '\0document:';
  const ids = new Map<string, string>();
  return {
    name: 'documents',
    enforce: 'pre',
    resolveId: (id) => (id.startsWith('document:') ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(prefix)) return null;
      const name = id.slice(prefix.length);
      return { code: `export const ${name} = ${ids.get(name)};`, moduleSideEffects: false };
    },
    transform(code, id) {
      if (id !== generated) return null;
      const separate = code.replace(/export const (\w+) = (\{.*\}) as unknown as .*;/g, (_, name: string, value: string) => {
        ids.set(name, value);
        return `export { ${name} } from 'document:${name}';`;
      });
      return { code: separate, moduleSideEffects: false };
    },
  };
}

// urql imports a whole GraphQL parser, of which trusted documents need next to nothing.
function withoutParser(): Plugin {
  const substitute = join(here, 'src/api/graphql.web.ts');
  return {
    name: 'without-parser',
    enforce: 'pre',
    resolveId: (id, importer) => (id === '@0no-co/graphql.web' && importer !== substitute ? substitute : null),
  };
}

// Writes .br and .gz beside each text file, and manifest.json with the hashes of all files and of the sources.
function manifest(): Plugin {
  return {
    name: 'manifest',
    apply: 'build',
    closeBundle() {
      filesOf(dist, dist)
        .filter((file) => COMPRESSED.test(file))
        .forEach((file) => compress(join(dist, file)));
      const files = filesOf(dist, dist).filter((file) => file !== 'manifest.json');
      const hashes = Object.fromEntries(files.map((file) => [file, sha256(readFileSync(join(dist, file)))]));
      writeFileSync(join(dist, 'manifest.json'), `${JSON.stringify({ source: sourceHash(), ...hashes }, null, 2)}\n`);
    },
  };
}

export default defineConfig({
  root: here,
  base: '/portal/',
  publicDir: false,
  plugins: [react(), catalogs(), documents(), withoutParser(), manifest()],
  build: {
    assetsInlineLimit: 0, // files instead of data: URLs, for a strict Content-Security-Policy
    license: { fileName: 'LICENSES.txt' },
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
  },
});
