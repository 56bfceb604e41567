-- Signed roots over the hash chains of an hour (docs/integrity.md). One an hour and tenant: whoever comes second finds it there.
CREATE TABLE integrity_roots (
  tenant_id uuid NOT NULL REFERENCES tenants,
  hour timestamptz NOT NULL,
  merkle_root text NOT NULL,
  -- Of the root before; zeros for the first.
  previous text NOT NULL,
  -- What the next root names as its previous one.
  root_hash text NOT NULL,
  leaves bigint NOT NULL,
  links bigint NOT NULL,
  events bigint NOT NULL,
  missing bigint NOT NULL,
  signed_at timestamptz NOT NULL,
  key_id text NOT NULL,
  public_key text NOT NULL,
  signature text NOT NULL,
  PRIMARY KEY (tenant_id, hour)
);
ALTER TABLE integrity_roots ENABLE ROW LEVEL SECURITY;
ALTER TABLE integrity_roots FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON integrity_roots USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));

-- A sequence that is over: what of it did not come has been told to the loss ledger, once.
ALTER TABLE sensor_cursors ADD COLUMN closed_at timestamptz;
