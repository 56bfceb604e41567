-- When something was last done ("backup_created"), without a walk through the whole log.
CREATE INDEX audit_records_tenant_id_action_type_idx ON audit_records (tenant_id, action_type, audit_id DESC);
