-- Who speaks with a sensor's identity.
ALTER TABLE sensors
  ADD COLUMN instance jsonb,
  ADD COLUMN recent_starts jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN clone_suspected_at timestamptz,
  ADD COLUMN clone_detail text;
COMMENT ON COLUMN sensors.instance IS 'The node, boot and start of the sensor that said hello last.';
COMMENT ON COLUMN sensors.recent_starts IS 'Starts of the sensor that said hello lately, oldest first: an older one that comes back is a second node.';
