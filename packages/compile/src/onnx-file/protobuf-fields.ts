/** A field of a protobuf message: its number, and a number or bytes. */
export interface Field {
  readonly number: number;
  /** Of wire type 0; of 1 and 5 the bytes are passed over and this is undefined. */
  readonly integer?: number;
  /** Of wire type 2. */
  readonly bytes?: Uint8Array;
}

/** What is wrong with the bytes of a message. */
export class MalformedMessage extends Error {}

/**
 * The fields of a protobuf message, in order; reads nothing outside of it.
 *
 * @throws MalformedMessage for a length that leads past the end, a number of more than 64 bits, groups and unknown wire types
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (at >= message.length) throw new MalformedMessage('a number that the end cuts off');
      const byte = message[at++] as number;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new MalformedMessage('a number of more than 64 bits');
  };
  while (at < message.length) {
    const tag = varint();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (number < 1 || number > 2 ** 29) throw new MalformedMessage(`a field of number ${number}`);
    if (wire === 0) {
      yield { number, integer: varint() };
      continue;
    }
    if (wire !== 1 && wire !== 2 && wire !== 5) throw new MalformedMessage(`a field of wire type ${wire}`);
    const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
    if (length > message.length - at) {
      throw new MalformedMessage(`a field of ${length} bytes where ${message.length - at} are left`);
    }
    at += length;
    yield wire === 2 ? { number, bytes: message.subarray(at - length, at) } : { number };
  }
}
