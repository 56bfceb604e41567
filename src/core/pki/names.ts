/** Organisation in the subject of every sensor's certificate. */
export const SENSOR_ORGANISATION = "Telovix Sensor";

const SENSOR_URI = /^telovix:sensor:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** The URI that names a sensor in its certificate. */
export function sensorUri(sensorId: string): string {
  return `telovix:sensor:${sensorId}`;
}

/** Inverse of sensorUri; undefined when `uri` is not one. */
export function parseSensorUri(uri: string): string | undefined {
  return SENSOR_URI.exec(uri)?.[1];
}

/** 128 bits, random but for the first two (positive, no leading zero octet), lower-case hex: the same text wherever it is compared. */
export function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

/** A serial number as this product writes it: lower-case hex without leading zeros. */
export function normalSerial(serial: string): string {
  return serial.toLowerCase().replace(/^0+(?=.)/, "");
}
