-- Hosts that run a Console of this installation, and the authorities whose keys each has. Keys are files and never come here: the
-- change of the authority waits until every host has the next one. Holds no tenant's data.
CREATE TABLE console_hosts (
  -- Of the data directory; two containers may have been made of one.
  host_id text NOT NULL,
  host_name text NOT NULL,
  authority_ids text[] NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (host_id, host_name)
);
