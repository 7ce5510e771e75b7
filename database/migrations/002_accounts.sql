CREATE TABLE public.users (
    id                  uuid PRIMARY KEY,
    email               portal.citext NOT NULL CONSTRAINT users_email_length CHECK (length(email::text) BETWEEN 3 AND 254),
    password_hash       text,   -- NULL: cannot sign in with a password (service accounts, patients made by staff)
    role                text NOT NULL CONSTRAINT users_role_check CHECK (role IN ('patient', 'radiologist', 'doctor', 'tech')),
    name                text NOT NULL CONSTRAINT users_name_length CHECK (length(name) BETWEEN 1 AND 200),
    phone               text,
    date_of_birth       date,
    profile_picture_url text,
    preferences         jsonb NOT NULL DEFAULT '{}' CONSTRAINT users_preferences_object CHECK (jsonb_typeof(preferences) = 'object'),
    is_active           boolean NOT NULL DEFAULT true,
    last_login_at       timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX idx_users_email ON public.users (email);
CREATE INDEX idx_users_role ON public.users (role);
CREATE INDEX idx_users_is_active ON public.users (is_active);
CREATE INDEX idx_users_created_at ON public.users (created_at);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.users
    FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

CREATE TABLE public.sessions (
    session_id    uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    token         text NOT NULL CONSTRAINT sessions_token_is_sha256 CHECK (token ~ '^[0-9a-f]{64}$'),
    ip_address    inet,
    user_agent    text,
    device_info   jsonb NOT NULL DEFAULT '{}',
    login_time    timestamptz NOT NULL DEFAULT now(),
    last_activity timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    is_active     boolean NOT NULL DEFAULT true,
    logout_time   timestamptz
);
COMMENT ON COLUMN public.sessions.token IS 'SHA-256 of the bearer token in hexadecimal; the token itself is never stored';
CREATE UNIQUE INDEX idx_sessions_token ON public.sessions (token);
CREATE INDEX idx_sessions_user_id ON public.sessions (user_id);
CREATE INDEX idx_sessions_is_active ON public.sessions (is_active);
CREATE INDEX idx_sessions_expires_at ON public.sessions (expires_at);

-- Failed sign-ins by account. The key is a digest of the address, so that an address which has no
-- account is counted just the same.
CREATE TABLE portal.sign_in_failures (
    account_key  bytea PRIMARY KEY CONSTRAINT sign_in_failures_key_is_sha256 CHECK (length(account_key) = 32),
    failures     integer NOT NULL,
    last_failure timestamptz NOT NULL,
    locked_until timestamptz
);

-- What other systems call a patient: the hospital's number (DICOM Patient ID) and who issued it.
CREATE TABLE portal.patient_identifiers (
    issuer     text NOT NULL DEFAULT '',
    identifier text NOT NULL CONSTRAINT patient_identifiers_length CHECK (length(identifier) BETWEEN 1 AND 64),
    patient_id uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    gender     text CONSTRAINT patient_identifiers_gender_check CHECK (gender IN ('female', 'male', 'other')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, identifier)
);
CREATE INDEX idx_patient_identifiers_patient_id ON portal.patient_identifiers (patient_id);
