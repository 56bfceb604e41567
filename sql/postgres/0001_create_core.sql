-- Every table that holds a tenant's data is under row-level security, forced on its owner too. A transaction names its tenant
-- with set_config('telovix.tenant_id', …, true); without it every query on these tables fails on the cast. Look-ups that must
-- happen before the tenant is known (session, certificate, token, setup link) set telovix.system to 'on' instead.

CREATE FUNCTION telovix_sees(row_tenant uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN current_setting('telovix.system', true) = 'on' THEN true
              ELSE row_tenant = current_setting('telovix.tenant_id')::uuid END
$$;

CREATE TABLE tenants (
  tenant_id uuid PRIMARY KEY,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
  user_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('viewer', 'analyst', 'sensor_owner', 'operator', 'admin')),
  -- argon2id, PHC string
  password_hash text NOT NULL,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
-- One address, one account over all tenants: sign-in has no tenant yet.
CREATE UNIQUE INDEX users_email_idx ON users (lower(email));

CREATE TABLE sessions (
  -- SHA-256 of the cookie; the cookie itself is never stored.
  session_hash text PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  csrf_token text NOT NULL,
  client_ip text,
  user_agent text,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);

-- First-run link: SHA-256 only, one use. Holds no tenant's data, since there is no tenant yet.
CREATE TABLE setup_links (
  link_hash text PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz
);

CREATE TABLE enrollment_tokens (
  token_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  token_hash text NOT NULL UNIQUE,
  kind text NOT NULL DEFAULT 'once' CHECK (kind IN ('once', 'cluster')),
  node_name text,
  declared_role text,
  flavor text CHECK (flavor IN ('standard', 'telecom')),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  revoked_at timestamptz,
  sensor_id uuid
);
CREATE INDEX enrollment_tokens_tenant_id_created_at_idx ON enrollment_tokens (tenant_id, created_at DESC);

CREATE TABLE sensors (
  sensor_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  node_name text NOT NULL,
  declared_role text NOT NULL,
  flavor text NOT NULL CHECK (flavor IN ('standard', 'telecom')),
  cluster text,
  tags text[] NOT NULL DEFAULT '{}',
  machine_hash text,
  sensor_version text,
  lifecycle text NOT NULL DEFAULT 'active' CHECK (lifecycle IN ('active', 'disabled', 'revoked', 'decommissioned')),
  trust_state text NOT NULL DEFAULT 'bootstrap_pending' CHECK (trust_state IN ('trusted', 'rotated', 'bootstrap_pending', 'trust_revoked')),
  enforcement_state text NOT NULL DEFAULT 'observe' CHECK (enforcement_state IN ('observe', 'enforce_ready', 'enforced')),
  assigned_pack_id text,
  enrolled_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz,
  -- Last heartbeat's parts, as core/wire/state.ts declares them.
  runtime_mode text,
  started_at timestamptz,
  engine jsonb,
  trust jsonb,
  pipeline jsonb,
  resources jsonb,
  system jsonb,
  -- Of engine.backends: counted when the heartbeat comes, since the list of 10,000 sensors needs them.
  hooks_ok integer NOT NULL DEFAULT 0,
  hooks_degraded integer NOT NULL DEFAULT 0,
  hooks_rejected integer NOT NULL DEFAULT 0,
  clock_skew_ms bigint,
  events_rejected bigint NOT NULL DEFAULT 0,
  -- Heartbeats and batches that could not be read.
  messages_malformed bigint NOT NULL DEFAULT 0,
  -- When a heartbeat last told of events lost in the kernel or the spool.
  last_loss_at timestamptz,
  events_per_sec double precision NOT NULL DEFAULT 0
);
CREATE INDEX sensors_tenant_id_node_name_idx ON sensors (tenant_id, node_name);

CREATE TABLE sensor_certificates (
  -- lower-case hex
  serial text PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  sensor_id uuid NOT NULL REFERENCES sensors ON DELETE CASCADE,
  -- SHA-256 of the SubjectPublicKeyInfo, lower-case hex
  key_hash text NOT NULL,
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'previous', 'revoked')),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sensor_certificates_sensor_id_idx ON sensor_certificates (sensor_id);

-- Last snapshot per section; written only when its hash differs.
CREATE TABLE sensor_inventories (
  sensor_id uuid NOT NULL REFERENCES sensors ON DELETE CASCADE,
  tenant_id uuid NOT NULL REFERENCES tenants,
  section text NOT NULL CHECK (section IN ('processes', 'connections', 'listening', 'flows')),
  content_hash text NOT NULL,
  content jsonb NOT NULL,
  observed_at timestamptz NOT NULL,
  PRIMARY KEY (sensor_id, section)
);

-- Highest sequence made durable, per sensor and spool life. A re-delivered event at or below it is dropped.
CREATE TABLE sensor_cursors (
  sensor_id uuid NOT NULL REFERENCES sensors ON DELETE CASCADE,
  tenant_id uuid NOT NULL REFERENCES tenants,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (sensor_id, epoch)
);

CREATE TABLE audit_records (
  audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  created_at timestamptz NOT NULL DEFAULT now(),
  action_type text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('success', 'failure')),
  actor_email text,
  sensor_id uuid,
  detail jsonb NOT NULL DEFAULT '{}',
  client_ip text,
  user_agent text
);
CREATE INDEX audit_records_tenant_id_audit_id_idx ON audit_records (tenant_id, audit_id DESC);

CREATE TABLE settings (
  tenant_id uuid NOT NULL REFERENCES tenants,
  name text NOT NULL,
  value jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, name)
);

DO $$
DECLARE table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['tenants', 'users', 'sessions', 'enrollment_tokens', 'sensors', 'sensor_certificates',
                                    'sensor_inventories', 'sensor_cursors', 'audit_records', 'settings'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id))', table_name);
  END LOOP;
END $$;
