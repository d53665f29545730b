/** The version in package.json (a test compares them): a bundled program has no package.json to read. */
export const VERSION = '1.0.0'
