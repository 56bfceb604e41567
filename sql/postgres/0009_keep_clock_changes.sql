-- Since when each sensor's clock was off by how much: events bear its time, and how late one came is judged by the Console's.
ALTER TABLE sensors ADD COLUMN clock_changes jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN sensors.clock_changes IS 'Pairs, oldest first: milliseconds since 1970 by the Console, milliseconds the clock was ahead from then on. Right before the first.';
-- Few have any; heartbeats do not touch it.
CREATE INDEX sensors_clock_changes_idx ON sensors (tenant_id) WHERE clock_changes <> '[]'::jsonb;
-- Of every tenant.
SET LOCAL telovix.system = 'on';
UPDATE sensors SET clock_changes = jsonb_build_array(jsonb_build_array(0, clock_skew_ms)) WHERE abs(clock_skew_ms) > 30000;
