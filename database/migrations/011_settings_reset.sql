-- A technician may forget a stored setting, so that the default is in force again.
GRANT DELETE ON public.system_settings TO portal_tech;
