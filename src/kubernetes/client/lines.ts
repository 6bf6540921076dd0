import { StringDecoder } from 'node:string_decoder';

/** The lines of a byte stream, without their ends; a last line that is not ended was cut off and is dropped. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  for await (const chunk of chunks) {
    const text = decoder.write(chunk);
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      const line = pending + text.slice(from, end);
      pending = '';
      from = end + 1;
      if (line !== '') yield line;
    }
    pending += text.slice(from);
  }
}
