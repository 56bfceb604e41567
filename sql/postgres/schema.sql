-- The end state of all migrations, written by scripts/dump-schema.ts and checked by a test.
-- To be read, not run: tables stand in alphabetical order.

CREATE OR REPLACE FUNCTION public.telovix_sees(row_tenant uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  SELECT CASE WHEN current_setting('telovix.system', true) = 'on' THEN true
              ELSE row_tenant = current_setting('telovix.tenant_id')::uuid END
$function$;

CREATE TABLE audit_records (
  audit_id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  tenant_id uuid NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  action_type text NOT NULL,
  outcome text NOT NULL,
  actor_email text,
  sensor_id uuid,
  detail jsonb DEFAULT '{}'::jsonb NOT NULL,
  client_ip text,
  user_agent text,
  CONSTRAINT audit_records_pkey PRIMARY KEY (audit_id),
  CONSTRAINT audit_records_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id),
  CONSTRAINT audit_records_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'failure'::text])))
);
CREATE INDEX audit_records_tenant_id_action_type_idx ON public.audit_records USING btree (tenant_id, action_type, audit_id DESC);
CREATE INDEX audit_records_tenant_id_audit_id_idx ON public.audit_records USING btree (tenant_id, audit_id DESC);
ALTER TABLE audit_records ENABLE ROW LEVEL SECURITY; ALTER TABLE audit_records FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_records AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE authorities (
  authority_id text NOT NULL,
  certificate_pem text NOT NULL,
  not_after timestamp with time zone NOT NULL,
  standing text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  retired_at timestamp with time zone,
  CONSTRAINT authorities_pkey PRIMARY KEY (authority_id),
  CONSTRAINT authorities_standing_check CHECK ((standing = ANY (ARRAY['issuing'::text, 'trusted'::text, 'retired'::text])))
);
CREATE UNIQUE INDEX authorities_issuing_idx ON public.authorities USING btree (standing) WHERE (standing = 'issuing'::text);

CREATE TABLE authority_rotation (
  single boolean DEFAULT true NOT NULL,
  phase text NOT NULL,
  old_id text,
  new_id text,
  since timestamp with time zone DEFAULT now() NOT NULL,
  version bigint DEFAULT 1 NOT NULL,
  CONSTRAINT authority_rotation_pkey PRIMARY KEY (single),
  CONSTRAINT authority_rotation_new_id_fkey FOREIGN KEY (new_id) REFERENCES authorities(authority_id),
  CONSTRAINT authority_rotation_old_id_fkey FOREIGN KEY (old_id) REFERENCES authorities(authority_id),
  CONSTRAINT authority_rotation_check CHECK (((phase = 'stable'::text) = (new_id IS NULL))),
  CONSTRAINT authority_rotation_phase_check CHECK ((phase = ANY (ARRAY['stable'::text, 'dual_trust'::text, 'dual_issue'::text]))),
  CONSTRAINT authority_rotation_single_check CHECK (single)
);

CREATE TABLE console_hosts (
  host_id text NOT NULL,
  host_name text NOT NULL,
  authority_ids text[] NOT NULL,
  seen_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT console_hosts_pkey PRIMARY KEY (host_id, host_name)
);

CREATE TABLE enrollment_answers (
  token_id uuid NOT NULL,
  key_hash text NOT NULL,
  tenant_id uuid NOT NULL,
  sensor_id uuid NOT NULL,
  serial text NOT NULL,
  certificate_pem text NOT NULL,
  answered_at timestamp with time zone NOT NULL,
  CONSTRAINT enrollment_answers_pkey PRIMARY KEY (token_id, key_hash),
  CONSTRAINT enrollment_answers_sensor_id_fkey FOREIGN KEY (sensor_id) REFERENCES sensors(sensor_id) ON DELETE CASCADE,
  CONSTRAINT enrollment_answers_serial_fkey FOREIGN KEY (serial) REFERENCES sensor_certificates(serial) ON DELETE CASCADE,
  CONSTRAINT enrollment_answers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id),
  CONSTRAINT enrollment_answers_token_id_fkey FOREIGN KEY (token_id) REFERENCES enrollment_tokens(token_id) ON DELETE CASCADE
);
CREATE INDEX enrollment_answers_answered_at_idx ON public.enrollment_answers USING btree (answered_at);
CREATE INDEX enrollment_answers_sensor_id_idx ON public.enrollment_answers USING btree (sensor_id);
CREATE INDEX enrollment_answers_serial_idx ON public.enrollment_answers USING btree (serial);
ALTER TABLE enrollment_answers ENABLE ROW LEVEL SECURITY; ALTER TABLE enrollment_answers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON enrollment_answers AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE enrollment_token_nodes (
  token_id uuid NOT NULL,
  sensor_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  first_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT enrollment_token_nodes_pkey PRIMARY KEY (token_id, sensor_id),
  CONSTRAINT enrollment_token_nodes_sensor_id_fkey FOREIGN KEY (sensor_id) REFERENCES sensors(sensor_id) ON DELETE CASCADE,
  CONSTRAINT enrollment_token_nodes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id),
  CONSTRAINT enrollment_token_nodes_token_id_fkey FOREIGN KEY (token_id) REFERENCES enrollment_tokens(token_id) ON DELETE CASCADE
);
ALTER TABLE enrollment_token_nodes ENABLE ROW LEVEL SECURITY; ALTER TABLE enrollment_token_nodes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON enrollment_token_nodes AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE enrollment_tokens (
  token_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  token_hash text NOT NULL,
  kind text DEFAULT 'once'::text NOT NULL,
  node_name text,
  declared_role text,
  flavor text,
  created_by text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  sensor_id uuid,
  cluster text,
  max_nodes integer,
  nodes integer DEFAULT 0 NOT NULL,
  reenrolls uuid,
  CONSTRAINT enrollment_tokens_token_hash_key UNIQUE (token_hash),
  CONSTRAINT enrollment_tokens_pkey PRIMARY KEY (token_id),
  CONSTRAINT enrollment_tokens_reenrolls_fkey FOREIGN KEY (reenrolls) REFERENCES sensors(sensor_id) ON DELETE CASCADE,
  CONSTRAINT enrollment_tokens_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id),
  CONSTRAINT enrollment_tokens_cluster_check CHECK (((kind = 'cluster'::text) = (cluster IS NOT NULL))),
  CONSTRAINT enrollment_tokens_flavor_check CHECK ((flavor = ANY (ARRAY['standard'::text, 'telecom'::text]))),
  CONSTRAINT enrollment_tokens_kind_check CHECK ((kind = ANY (ARRAY['once'::text, 'cluster'::text]))),
  CONSTRAINT enrollment_tokens_max_nodes_check CHECK ((max_nodes > 0)),
  CONSTRAINT enrollment_tokens_nodes_check CHECK (((max_nodes IS NULL) OR (nodes <= max_nodes)))
);
CREATE INDEX enrollment_tokens_tenant_id_created_at_idx ON public.enrollment_tokens USING btree (tenant_id, created_at DESC);
ALTER TABLE enrollment_tokens ENABLE ROW LEVEL SECURITY; ALTER TABLE enrollment_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON enrollment_tokens AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE installations (
  installation_id uuid NOT NULL,
  is_only boolean DEFAULT true NOT NULL,
  CONSTRAINT installations_is_only_key UNIQUE (is_only),
  CONSTRAINT installations_pkey PRIMARY KEY (installation_id),
  CONSTRAINT installations_is_only_check CHECK (is_only)
);

CREATE TABLE integrity_roots (
  tenant_id uuid NOT NULL,
  hour timestamp with time zone NOT NULL,
  merkle_root text NOT NULL,
  previous text NOT NULL,
  root_hash text NOT NULL,
  leaves bigint NOT NULL,
  links bigint NOT NULL,
  events bigint NOT NULL,
  missing bigint NOT NULL,
  signed_at timestamp with time zone NOT NULL,
  key_id text NOT NULL,
  public_key text NOT NULL,
  signature text NOT NULL,
  CONSTRAINT integrity_roots_pkey PRIMARY KEY (tenant_id, hour),
  CONSTRAINT integrity_roots_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id)
);
ALTER TABLE integrity_roots ENABLE ROW LEVEL SECURITY; ALTER TABLE integrity_roots FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON integrity_roots AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE jobs (
  name text NOT NULL,
  interval_ms bigint NOT NULL,
  next_run_at timestamp with time zone DEFAULT now() NOT NULL,
  holder text,
  fencing_token bigint DEFAULT 0 NOT NULL,
  lease_until timestamp with time zone,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  outcome text,
  error text,
  runs bigint DEFAULT 0 NOT NULL,
  failures bigint DEFAULT 0 NOT NULL,
  CONSTRAINT jobs_pkey PRIMARY KEY (name),
  CONSTRAINT jobs_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'failure'::text, 'lease_lost'::text])))
);

CREATE TABLE sensor_certificates (
  serial text NOT NULL,
  tenant_id uuid NOT NULL,
  sensor_id uuid NOT NULL,
  key_hash text NOT NULL,
  not_before timestamp with time zone NOT NULL,
  not_after timestamp with time zone NOT NULL,
  status text DEFAULT 'active'::text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  issuer_id text,
  replaces text DEFAULT 'overlap'::text NOT NULL,
  first_used_at timestamp with time zone,
  valid_until timestamp with time zone,
  CONSTRAINT sensor_certificates_pkey PRIMARY KEY (serial),
  CONSTRAINT sensor_certificates_sensor_id_fkey FOREIGN KEY (sensor_id) REFERENCES sensors(sensor_id) ON DELETE CASCADE,
  CONSTRAINT sensor_certificates_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id),
  CONSTRAINT sensor_certificates_replaces_check CHECK ((replaces = ANY (ARRAY['overlap'::text, 'revoke'::text]))),
  CONSTRAINT sensor_certificates_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'active'::text, 'previous'::text, 'revoked'::text])))
);
CREATE INDEX sensor_certificates_key_hash_idx ON public.sensor_certificates USING btree (key_hash);
CREATE INDEX sensor_certificates_sensor_id_idx ON public.sensor_certificates USING btree (sensor_id);
ALTER TABLE sensor_certificates ENABLE ROW LEVEL SECURITY; ALTER TABLE sensor_certificates FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sensor_certificates AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE sensor_cursors (
  sensor_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  updated_at timestamp with time zone DEFAULT now() NOT NULL,
  closed_at timestamp with time zone,
  CONSTRAINT sensor_cursors_pkey PRIMARY KEY (sensor_id, epoch),
  CONSTRAINT sensor_cursors_sensor_id_fkey FOREIGN KEY (sensor_id) REFERENCES sensors(sensor_id) ON DELETE CASCADE,
  CONSTRAINT sensor_cursors_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id)
);
ALTER TABLE sensor_cursors ENABLE ROW LEVEL SECURITY; ALTER TABLE sensor_cursors FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sensor_cursors AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE sensor_inventories (
  sensor_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  section text NOT NULL,
  content_hash text NOT NULL,
  content jsonb NOT NULL,
  observed_at timestamp with time zone NOT NULL,
  CONSTRAINT sensor_inventories_pkey PRIMARY KEY (sensor_id, section),
  CONSTRAINT sensor_inventories_sensor_id_fkey FOREIGN KEY (sensor_id) REFERENCES sensors(sensor_id) ON DELETE CASCADE,
  CONSTRAINT sensor_inventories_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id),
  CONSTRAINT sensor_inventories_section_check CHECK ((section = ANY (ARRAY['processes'::text, 'connections'::text, 'listening'::text, 'flows'::text])))
);
ALTER TABLE sensor_inventories ENABLE ROW LEVEL SECURITY; ALTER TABLE sensor_inventories FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sensor_inventories AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE sensors (
  sensor_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  node_name text NOT NULL,
  declared_role text NOT NULL,
  flavor text NOT NULL,
  cluster text,
  tags text[] DEFAULT '{}'::text[] NOT NULL,
  machine_hash text,
  sensor_version text,
  lifecycle text DEFAULT 'active'::text NOT NULL,
  trust_state text DEFAULT 'bootstrap_pending'::text NOT NULL,
  enforcement_state text DEFAULT 'observe'::text NOT NULL,
  assigned_pack_id text,
  enrolled_at timestamp with time zone DEFAULT now() NOT NULL,
  last_seen_at timestamp with time zone,
  runtime_mode text,
  started_at timestamp with time zone,
  engine jsonb,
  trust jsonb,
  pipeline jsonb,
  resources jsonb,
  system jsonb,
  hooks_ok integer DEFAULT 0 NOT NULL,
  hooks_degraded integer DEFAULT 0 NOT NULL,
  hooks_rejected integer DEFAULT 0 NOT NULL,
  clock_skew_ms bigint,
  events_rejected bigint DEFAULT 0 NOT NULL,
  messages_malformed bigint DEFAULT 0 NOT NULL,
  last_loss_at timestamp with time zone,
  events_per_sec double precision DEFAULT 0 NOT NULL,
  instance jsonb,
  recent_starts jsonb DEFAULT '[]'::jsonb NOT NULL,
  clone_suspected_at timestamp with time zone,
  clone_detail text,
  clock_changes jsonb DEFAULT '[]'::jsonb NOT NULL,
  CONSTRAINT sensors_pkey PRIMARY KEY (sensor_id),
  CONSTRAINT sensors_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id),
  CONSTRAINT sensors_enforcement_state_check CHECK ((enforcement_state = ANY (ARRAY['observe'::text, 'enforce_ready'::text, 'enforced'::text]))),
  CONSTRAINT sensors_flavor_check CHECK ((flavor = ANY (ARRAY['standard'::text, 'telecom'::text]))),
  CONSTRAINT sensors_lifecycle_check CHECK ((lifecycle = ANY (ARRAY['active'::text, 'disabled'::text, 'revoked'::text, 'decommissioned'::text]))),
  CONSTRAINT sensors_trust_state_check CHECK ((trust_state = ANY (ARRAY['trusted'::text, 'rotated'::text, 'bootstrap_pending'::text, 'trust_revoked'::text])))
) WITH (autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_threshold=500, fillfactor=50);
CREATE INDEX sensors_clock_changes_idx ON public.sensors USING btree (tenant_id) WHERE (clock_changes <> '[]'::jsonb);
CREATE INDEX sensors_tenant_id_machine_hash_idx ON public.sensors USING btree (tenant_id, machine_hash) WHERE (machine_hash IS NOT NULL);
CREATE INDEX sensors_tenant_id_node_name_idx ON public.sensors USING btree (tenant_id, node_name);
ALTER TABLE sensors ENABLE ROW LEVEL SECURITY; ALTER TABLE sensors FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sensors AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE sessions (
  session_hash text NOT NULL,
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  csrf_token text NOT NULL,
  client_ip text,
  user_agent text,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  last_used_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT sessions_pkey PRIMARY KEY (session_hash),
  CONSTRAINT sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id),
  CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE
);
CREATE INDEX sessions_user_id_idx ON public.sessions USING btree (user_id);
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY; ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sessions AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE settings (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  value jsonb NOT NULL,
  updated_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT settings_pkey PRIMARY KEY (tenant_id, name),
  CONSTRAINT settings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id)
);
ALTER TABLE settings ENABLE ROW LEVEL SECURITY; ALTER TABLE settings FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON settings AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE setup_links (
  link_hash text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  used_at timestamp with time zone,
  CONSTRAINT setup_links_pkey PRIMARY KEY (link_hash)
);

CREATE TABLE tenants (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY; ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

CREATE TABLE users (
  user_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  password_hash text NOT NULL,
  disabled_at timestamp with time zone,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT users_pkey PRIMARY KEY (user_id),
  CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id),
  CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'analyst'::text, 'sensor_owner'::text, 'operator'::text, 'admin'::text])))
);
CREATE UNIQUE INDEX users_email_idx ON public.users USING btree (lower(email));
ALTER TABLE users ENABLE ROW LEVEL SECURITY; ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON users AS PERMISSIVE FOR ALL TO public USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));
