import { int64Json, parseJson } from '../../../src/github/transport/json.ts';

describe('JSON with 64-bit ids', () => {
  it('keeps all digits of an id beyond 2^53, as text', () => {
    expect(parseJson('{"small":7,"large":9007199254740993,"negative":-9007199254740995}')).toEqual({
      small: 7,
      large: '9007199254740993',
      negative: '-9007199254740995',
    });
  });

  it('counts null as absent, at any depth', () => {
    expect(parseJson('{"a":null,"b":{"c":null}}')).toEqual({ b: {} });
    expect(parseJson('null')).toBeUndefined();
  });

  it('writes an id as a number with all its digits', () => {
    expect(JSON.stringify([int64Json('9007199254740993'), int64Json('0')])).toBe('[9007199254740993,0]');
  });

  it.each(['', '1.5', 'x', '1,2', '01'])('refuses to write "%s"', (text) => {
    expect(() => int64Json(text)).toThrow(RangeError);
  });
});
