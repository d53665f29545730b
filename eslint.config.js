import js from '@eslint/js'
import n from 'eslint-plugin-n'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  { ignores: ['compiled/', 'dist/', 'standalone/', 'coverage/', 'docs/api/'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  n.configs['flat/recommended-module'],
  {
    languageOptions: {
      parserOptions: { project: 'test/tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // The compiler resolves imports; the plugin does not map `.js` specifiers to `.ts` files.
      'n/no-missing-import': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `void promise` states that a rejection is handled elsewhere.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    // What CONTRIBUTING promises of the sources.
    files: ['src/**'],
    rules: {
      complexity: ['error', 18],
      'max-depth': ['error', 4],
      'max-lines': ['error', 350],
      'max-params': ['error', 6],
    },
  },
  {
    // Its use of zlib.crc32 asks first whether it is there.
    files: ['src/checksum/checksum.ts'],
    rules: { 'n/no-unsupported-features/node-builtins': ['error', { ignores: ['zlib.crc32'] }] },
  },
  {
    // What it uses of tracing channels has been as it is since they came, before Node.js called them stable.
    files: ['src/shared/diagnostics.ts'],
    rules: {
      'n/no-unsupported-features/node-builtins': [
        'error',
        { ignores: ['diagnostics_channel.TracingChannel', 'diagnostics_channel.tracingChannel'] },
      ],
    },
  },
  {
    // Web streams and what tells their state are called experimental in Node 20, and are the same in later versions.
    files: ['src/api/bodies/{body-kinds,body-source,part-source,upload-body}.ts'],
    rules: { 'n/no-unsupported-features/node-builtins': ['error', { allowExperimental: true }] },
  },
  {
    // The command ends when its outcome has been told, whatever other processes still hold open.
    files: ['src/cli/process/{end-process,signals}.ts'],
    rules: { 'n/no-process-exit': 'off' },
  },
  {
    // The command is built from here to where package.json names it, with what it imports.
    files: ['src/cli/main.ts'],
    rules: { 'n/no-unpublished-import': 'off' },
    settings: { n: { convertPath: [{ include: ['src/cli/main.ts'], replace: ['^.*$', 'dist/ossup.cjs'] }] } },
  },
  {
    files: ['test/**', 'examples/**'],
    rules: {
      // node:test's own describe/it/test return promises that the runner awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['describe', 'it', 'test', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      'n/no-unpublished-import': 'off',
      'n/no-unsupported-features/node-builtins': [
        'error',
        { allowExperimental: true, version: '>=20.18.1', ignores: ['test.describe', 'test.it'] },
      ],
      'n/no-extraneous-import': 'off',
      'n/no-process-exit': 'off',
    },
  },
  {
    files: ['eslint.config.js', 'typedoc.config.js', 'build.js', 'test/compat/*.js', 'test/runner/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'n/no-unsupported-features/node-builtins': 'off', 'n/no-unpublished-import': 'off' },
  },
)
