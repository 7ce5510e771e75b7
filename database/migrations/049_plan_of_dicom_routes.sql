-- Which films go where is asked for every film that comes in, and was planned anew each time: 0.44 ms for
-- an answer of 0.02 ms (docs/BENCHMARKS.md).

ALTER FUNCTION portal.dicom_routes_of(uuid[]) SET plan_cache_mode = force_generic_plan;
