-- A part that is flushed is one file to flush, not one a column: an insert costs less, and what reads it is told apart by granules all
-- the same. Merges make wide parts of them.
ALTER TABLE runtime_events MODIFY SETTING min_bytes_for_wide_part = 268435456;
