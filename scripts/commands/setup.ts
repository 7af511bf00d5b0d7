import { flag, text } from '../../src/config/option.js'
import { defineCommand } from '../command.js'

export const setupCommand = defineCommand({
  name: 'setup',
  summary: 'get TensorFlow and ffmpeg ready on this machine',
  options: {
    cuda: flag(false, 'take the libraries for NVIDIA GPUs (about 3 GB to fetch)'),
    tensorflow: text(
      undefined,
      'use the TensorFlow in this folder (libtensorflow_cc.so.2 and include/), fetch none',
    ),
  },
  examples: ['setup', 'setup --cuda', 'setup --tensorflow /opt/venv/lib/python3.12/site-packages/tensorflow'],
  async run({ cuda, tensorflow }, terminal) {
    const { setupTensorFlow } = await import('../../src/setup/tensorflow.js')
    const { setupFfmpeg } = await import('../../src/setup/ffmpeg.js')
    const onProgress = (line: string) => {
      terminal.signal.throwIfAborted()
      terminal.log(`  ${line}`)
    }
    try {
      const ready = await setupTensorFlow({
        cuda,
        ...(tensorflow !== undefined && { tensorflowDir: tensorflow }),
        onProgress,
      })
      const how = { package: 'already installed', kept: 'already set up', built: 'set up' }[ready.how]
      terminal.log(`TensorFlow ${ready.version} is ${how}: ${ready.binding}`)
    } finally {
      terminal.signal.throwIfAborted()
      terminal.log(`ffmpeg is ${await setupFfmpeg({ onProgress })}`)
    }
  },
})
