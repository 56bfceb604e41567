-- What a token's use was answered with, by the key it was for: a node whose answer was lost asks again with the same key and gets the
-- same. Kept for minutes only.
CREATE TABLE enrollment_answers (
  token_id uuid NOT NULL REFERENCES enrollment_tokens ON DELETE CASCADE,
  -- SHA-256 of the SubjectPublicKeyInfo, lower-case hex
  key_hash text NOT NULL,
  tenant_id uuid NOT NULL REFERENCES tenants,
  sensor_id uuid NOT NULL REFERENCES sensors ON DELETE CASCADE,
  serial text NOT NULL REFERENCES sensor_certificates ON DELETE CASCADE,
  certificate_pem text NOT NULL,
  answered_at timestamptz NOT NULL,
  PRIMARY KEY (token_id, key_hash)
);
CREATE INDEX enrollment_answers_answered_at_idx ON enrollment_answers (answered_at);
CREATE INDEX enrollment_answers_serial_idx ON enrollment_answers (serial);
CREATE INDEX enrollment_answers_sensor_id_idx ON enrollment_answers (sensor_id);
ALTER TABLE enrollment_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrollment_answers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON enrollment_answers USING (telovix_sees(tenant_id)) WITH CHECK (telovix_sees(tenant_id));
