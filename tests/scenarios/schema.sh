#!/usr/bin/env bash
# schema.sh GHOSTNET SCENARIOS BROKEN: the JSON Schema is one, by a validator that is not ours; it takes every scenario of
# the library, and sees the typos, units and kinds of the broken files that a schema can see.
set -euo pipefail
program=$1 scenarios=$2 broken=$3
python3 -c 'import jsonschema, yaml' 2>/dev/null || exit 77
schema=$(mktemp) && trap 'rm -f "$schema"' EXIT
"$program" list --schema >"$schema"
python3 - "$schema" "$scenarios" "$broken" <<'E2'
import glob, json, os, re, sys
import jsonschema, yaml

class Core(yaml.SafeLoader):
    """As YAML 1.2 has it: `on` is a word, and dates are text."""
Core.yaml_implicit_resolvers = {
    first: [(tag, test) for tag, test in tests if not tag.endswith((":bool", ":timestamp"))]
    for first, tests in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
wrong = 0

def mistakes(path):
    return list(validator.iter_errors(yaml.load(open(path, "rb").read(), Loader=Core)))

library = sorted(glob.glob(sys.argv[2] + "/*.yaml"))
for path in library:
    for mistake in mistakes(path)[:1]:
        wrong += 1
        print(f"{path}: {mistake.json_path}: {mistake.message[:200]}")

seen = """list_for_mapping list_for_value mapping_for_list mapping_for_value negative_time on_a_list_of_lists
    place_off_the_map record_share record_too_many_traces share_beyond_one text_for_mapping two_operations typo_choice typo_fault
    typo_group_key typo_key typo_network_key typo_operation typo_operation_key typo_protocol typo_protocol_key
    typo_record_key unit_missing unit_unknown unit_wrong""".split()
for name in seen:
    if not mistakes(os.path.join(sys.argv[3], name + ".yaml")):
        wrong += 1
        print(f"{name}.yaml: the schema takes it")
print(f"{len(library)} scenarios, {len(seen)} broken files")
sys.exit(wrong != 0 or len(library) < 20)
E2
