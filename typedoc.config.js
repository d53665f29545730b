/**
 * The site in `docs/api`: the API reference and the pages of `docs/`.
 */
export default {
  entryPoints: ['src/index.ts', 'src/emulator/index.ts'],
  projectDocuments: ['docs/*.md', 'docs/guides/*.md'],
  tsconfig: 'tsconfig.json',
  out: 'docs/api',
  readme: 'none',
  name: 'oss-upload-stream',
  includeVersion: true,
  excludeExternals: true,
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true,
  hideGenerator: true,
  logLevel: 'Warn',
  validation: {
    notExported: true,
    invalidLink: true,
    notDocumented: true,
  },
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Function', 'Variable', 'Method', 'Accessor'],
  // Helpers of types: what they name is documented.
  intentionallyNotExported: ['ListenerOf', 'Named', 'NamedStoreOptions'],
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  highlightLanguages: [
    'bash',
    'console',
    'css',
    'html',
    'ini',
    'javascript',
    'json',
    'jsonc',
    'json5',
    'yaml',
    'tsx',
    'typescript',
    'xml',
    'docker',
    'sql',
  ],
  ignoredHighlightLanguages: ['cron', 'text'],
  markdownItLoader: nameHeadingsByCode,
}

/** Code in a heading becomes plain text: TypeDoc leaves code out of a heading's anchor, so links to it would break. */
function nameHeadingsByCode(parser) {
  parser.core.ruler.push('heading-code', ({ tokens }) => {
    tokens.forEach((token, index) => {
      if (tokens[index - 1]?.type !== 'heading_open') return
      for (const child of token.children) if (child.type === 'code_inline') child.type = 'text'
    })
  })
}
