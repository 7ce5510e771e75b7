-- Tech runs accounts and looks after no patients: patients are pseudonyms to it, here and not only on the screen.
-- An account is found by its exact address, by whoever has it from its owner.

-- What account work needs. Runs with the owner's eyes, so that the table itself shows tech no patient.
CREATE VIEW portal.accounts WITH (security_barrier = true) AS
    SELECT u.id, CASE WHEN u.role = 'patient' THEN NULL ELSE u.email END AS email, u.role,
           CASE WHEN u.role = 'patient' THEN portal.pseudonym(u.id) ELSE u.name END AS name,
           u.is_active, u.last_login_at, u.created_at, u.updated_at
    FROM public.users u;
GRANT SELECT ON portal.accounts TO portal_tech;
ALTER POLICY run_accounts ON public.users USING (role <> 'patient') WITH CHECK (true);

-- The account of exactly this address.
CREATE FUNCTION portal.account_at(address text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT u.id FROM public.users u WHERE u.email = address::portal.citext $$;
-- What account work changes of a patient's account: whether it is in use, and the password of who lost it. The
-- name belongs to the record, which radiologists and doctors correct.
CREATE FUNCTION portal.change_patient_account(patient uuid, active boolean, hash text) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    UPDATE public.users u SET is_active = coalesce(active, u.is_active), password_hash = coalesce(hash, u.password_hash)
    WHERE u.id = patient AND u.role = 'patient' RETURNING true
$$;
-- Notes a code for a new password that tech hands over, bound to the address that the account has.
CREATE FUNCTION portal.hand_password_code_over(account uuid, digest text, until timestamptz) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    INSERT INTO portal.account_tokens (user_id, purpose, token, address, created_at, expires_at)
    SELECT u.id, 'reset_password', digest, u.email, portal.present(), until FROM public.users u WHERE u.id = account
    ON CONFLICT (user_id, purpose) DO UPDATE
        SET token = excluded.token, address = excluded.address, created_at = excluded.created_at, expires_at = excluded.expires_at
    RETURNING true
$$;
REVOKE ALL ON FUNCTION portal.account_at(text), portal.change_patient_account(uuid, boolean, text),
    portal.hand_password_code_over(uuid, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.account_at(text), portal.change_patient_account(uuid, boolean, text),
    portal.hand_password_code_over(uuid, text, timestamptz) TO portal_tech;
REVOKE INSERT, UPDATE ON portal.account_tokens FROM portal_tech;

INSERT INTO portal.schema_floor (minimum_migration, reason)
VALUES (25, 'tech sees patients as pseudonyms, and a program from before reads their names');
