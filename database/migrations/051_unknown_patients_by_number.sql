-- Films of a person whom nobody has registered are also given to whom staff has found that person to be, so that the index
-- must hold those as well: without them each film that came in read all unknown patients there had ever been.

-- One row a person whom nobody registered: a million take about a second, during which new films wait.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX idx_unknown_patients_issuer_number ON portal.unknown_patients (issuer, number);
-- Nothing reads it any more, and its lock is over at once.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX portal.idx_unknown_patients_number;
