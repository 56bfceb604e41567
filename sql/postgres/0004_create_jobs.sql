-- Which installation this is: names its keys and channels on a Redis that others may use too.
CREATE TABLE installations (
  installation_id uuid PRIMARY KEY,
  -- One row only.
  is_only boolean NOT NULL DEFAULT true UNIQUE CHECK (is_only)
);
INSERT INTO installations (installation_id) VALUES (gen_random_uuid());

-- Scheduled work of the whole installation: whoever takes a job that is due holds it until it is done or the lease ends. Times are
-- this server's, so that no clock of a Console matters. Holds no tenant's data.
CREATE TABLE jobs (
  name text PRIMARY KEY,
  interval_ms bigint NOT NULL,
  next_run_at timestamptz NOT NULL DEFAULT now(),
  -- Console process that runs it now, or ran it last.
  holder text,
  -- Grows with every run: what is written under an older number is refused.
  fencing_token bigint NOT NULL DEFAULT 0,
  -- Null while nobody runs it.
  lease_until timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  outcome text CHECK (outcome IN ('success', 'failure', 'lease_lost')),
  error text,
  runs bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0
);

-- Heartbeats rewrite these rows all day: room on the page keeps the new version beside the old one, and no index is touched.
ALTER TABLE sensors SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
