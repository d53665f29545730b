/**
 * Loaded into each test process when coverage is measured: what a test starts is not measured, for writing down what a
 * process covered costs more than the process.
 */
import process from 'node:process'

if (process.env['NODE_TEST_CONTEXT'] !== undefined) Reflect.deleteProperty(process.env, 'NODE_V8_COVERAGE')
