-- Identity for the whole life of a sensor: renewal, re-enrolment, tokens of a cluster, and the change of the Console's authority.

-- 'pending': issued, not used yet. What it replaces goes on working until it is.
ALTER TABLE sensor_certificates DROP CONSTRAINT sensor_certificates_status_check;
ALTER TABLE sensor_certificates
  ADD CONSTRAINT sensor_certificates_status_check CHECK (status IN ('pending', 'active', 'previous', 'revoked')),
  -- SHA-256 of the SubjectPublicKeyInfo of the authority that signed it; null in what older Consoles issued, until the next start.
  ADD COLUMN issuer_id text,
  -- What becomes of the sensor's other certificates when this one is first used: renewal leaves them a day, re-enrolment none.
  ADD COLUMN replaces text NOT NULL DEFAULT 'overlap' CHECK (replaces IN ('overlap', 'revoke')),
  ADD COLUMN first_used_at timestamptz,
  -- Of a previous one.
  ADD COLUMN valid_until timestamptz;
-- A key is used once.
CREATE INDEX sensor_certificates_key_hash_idx ON sensor_certificates (key_hash);

-- A node of a cluster is found again by its name and machine.
CREATE INDEX sensors_tenant_id_machine_hash_idx ON sensors (tenant_id, machine_hash) WHERE machine_hash IS NOT NULL;

ALTER TABLE enrollment_tokens
  ADD COLUMN cluster text,
  ADD COLUMN max_nodes integer CHECK (max_nodes > 0),
  -- Nodes a cluster's token has brought in.
  ADD COLUMN nodes integer NOT NULL DEFAULT 0,
  -- A token for one known sensor: it keeps its id.
  ADD COLUMN reenrolls uuid REFERENCES sensors ON DELETE CASCADE,
  ADD CONSTRAINT enrollment_tokens_cluster_check CHECK ((kind = 'cluster') = (cluster IS NOT NULL)),
  ADD CONSTRAINT enrollment_tokens_nodes_check CHECK (max_nodes IS NULL OR nodes <= max_nodes);

-- Which nodes a cluster's token brought in: one that comes again is counted once.
CREATE TABLE enrollment_token_nodes (
  token_id uuid NOT NULL REFERENCES enrollment_tokens ON DELETE CASCADE,
  sensor_id uuid NOT NULL REFERENCES sensors ON DELETE CASCADE,
  tenant_id uuid NOT NULL REFERENCES tenants,
  first_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (token_id, sensor_id)
);
ALTER TABLE enrollment_token_nodes ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrollment_token_nodes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON enrollment_token_nodes USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

-- Authorities of the installation; their keys are files of the trust directory. No tenant's data.
CREATE TABLE authorities (
  -- SHA-256 of its SubjectPublicKeyInfo, lower-case hex
  authority_id text PRIMARY KEY,
  certificate_pem text NOT NULL,
  not_after timestamptz NOT NULL,
  standing text NOT NULL CHECK (standing IN ('issuing', 'trusted', 'retired')),
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz
);
CREATE UNIQUE INDEX authorities_issuing_idx ON authorities (standing) WHERE standing = 'issuing';

-- Where the change from one authority to the next stands. One row.
CREATE TABLE authority_rotation (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  phase text NOT NULL CHECK (phase IN ('stable', 'dual_trust', 'dual_issue')),
  old_id text REFERENCES authorities,
  new_id text REFERENCES authorities,
  since timestamptz NOT NULL DEFAULT now(),
  -- Grows with every change: who has read a lower one reads again.
  version bigint NOT NULL DEFAULT 1,
  CHECK ((phase = 'stable') = (new_id IS NULL))
);
