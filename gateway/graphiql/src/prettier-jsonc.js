// Stands in for Prettier's Babel and ESTree plugins (half a megabyte), which GraphiQL's "prettify" button
// uses only to lay out the JSON of the variables and headers. See `alias` in vite.config.js.
import { applyEdits, format, parse } from 'jsonc-parser';

function parseText(text) {
  const errors = [];
  parse(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  if (errors.length) throw new SyntaxError('not valid JSON');
  return { text, start: 0, end: text.length };
}

export const parsers = {
  jsonc: {
    astFormat: 'jsonc-text',
    parse: parseText,
    locStart: (node) => node.start,
    locEnd: (node) => node.end,
  },
};

export const printers = {
  'jsonc-text': {
    print({ node: { text } }) {
      return applyEdits(text, format(text, undefined, { tabSize: 2, insertSpaces: true })).trim();
    },
  },
};
