import { register } from 'node:module'

// Given to Node as `--import`, so that threads and processes that tests start run the sources as well.
register('./typescript-hooks.js', import.meta.url)
