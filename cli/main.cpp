// The `ghostnet` program: parses arguments, wires everything, owns nothing else.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <limits>
#include <system_error>

#include "bench.hpp"
#include "calibrate.hpp"
#include "command.hpp"
#include "completion.hpp"
#include "ghostnet/build_info.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/scenarios/plugin.hpp"
#include "ghostnet/services/services.hpp"
#include "gui.hpp"
#include "help_formatter.hpp"
#include "list.hpp"
#include "node.hpp"
#include "p2p_ping.hpp"
#include "report.hpp"
#include "results.hpp"
#include "resume.hpp"
#include "run.hpp"
#include "tun.hpp"
#include "usage_error.hpp"

namespace ghostnet::cli {

namespace {

// What the command line says, before it is checked.
struct Arguments {
  RunCommand run;
  std::vector<std::string> set;
  std::optional<std::string> seed;
  std::optional<std::string> repeat;
  std::optional<std::string> jobs;
  std::string until;
  std::string carrier;
  std::string log = "warn";
  std::vector<std::string> plugins;
  std::vector<std::string> files;
  std::vector<std::string> benches;
  bool calibrate = false;
  ResultsCommand results;
  std::vector<std::string> words;  // the command line as typed
  NodeCommand node;
  PingCommand ping;
  TunCommand tun;
  bool json = false;
  std::string shell;
  bool schema = false;
  bool reference = false;
};

// Many runs of one command, and where they are recorded.
void add_campaign(CLI::App& run, Arguments& arguments) {
  RunCommand& command = arguments.run;
  run.add_option("--sweep", command.sweep, "PATH=V1,V2,...: a run for each value; several give every combination")
      ->allow_extra_args(false);
  run.add_option("--repeat", arguments.repeat, "N runs of each point, with seeds counted up from the scenario's");
  run.add_option("--jobs", arguments.jobs, "N runs at a time, a process each; as many as there are processors");
  run.add_option(
      "--db", command.db,
      "FILE: records the runs there, for `ghostnet results` and any reader of SQLite. Without it several runs "
      "go to results.sqlite, and one alone is not recorded; none: nowhere");
  run.add_flag("--resume", command.resume, "makes only the runs that the results file does not hold finished");
  run.add_flag("--from-start", command.from_start,
               "makes each run from its start, also where several begin alike and would share that");
  run.add_option("--junit", command.junit, "FILE: writes the expectations as JUnit XML");
}

void add_run(CLI::App& app, Arguments& arguments) {
  CLI::App* run = app.add_subcommand("run", "Runs scenario files");
  run->footer(
      "Examples:\n"
      "  ghostnet run scenarios/echo.yaml\n"
      "  ghostnet run scenarios/echo.yaml --mode live\n"
      "  sudo ghostnet run scenarios/echo.yaml --mode live --live netns\n"
      "  ghostnet run mesh.yaml --set network.loss=1% --set groups.clients.count=500 --seed 7\n"
      "  ghostnet run mesh.yaml --sweep network.loss=0%,1%,5% --repeat 5 --db results.sqlite\n"
      "  ghostnet run mesh.yaml --verify-determinism\n"
      "Exit code: 0 all expectations held, 1 some did not, 2 the input was wrong, 3 an internal error, 130 "
      "interrupted.");
  run->add_option("FILE", arguments.run.files, "scenario files")->required();
  run->add_option("--mode", arguments.run.mode, "sim or live")
      ->check(CLI::IsMember({"sim", "live"}))
      ->capture_default_str();
  run->add_option("--live", arguments.run.live,
                  "how hosts share this machine in live mode: addresses of its loopback, or namespaces, each with the "
                  "kernel's own TCP and UDP (as root)")
      ->check(CLI::IsMember({"loopback", "netns"}))
      ->capture_default_str();
  run->add_option("--carrier", arguments.carrier, "fabric or ns3, instead of the file's")
      ->check(CLI::IsMember({"fabric", "ns3"}));
  run->add_option("--seed", arguments.seed, "N: instead of the file's");
  run->add_option("--set", arguments.set, "PATH=VALUE: another value for a key of the file")->allow_extra_args(false);
  run->add_option("--until", arguments.until, "TIME: instead of the file's duration");
  run->add_option("--pcap", arguments.run.pcap_directory, "DIR: writes the packets of each host there");
  add_campaign(*run, arguments);
  run->add_option("--plugin", arguments.plugins, "LIB: adds the protocols of a shared library")
      ->allow_extra_args(false);
  run->add_flag("--verify-determinism", arguments.run.verify_determinism, "runs twice, in two processes, and compares");
  run->add_flag("--json", arguments.json, "one JSON document on standard output");
  run->add_flag("--quiet", arguments.run.quiet, "says only what is wrong");
  run->add_option("--log", arguments.log, "LEVEL: trace, debug, info, warn, error or off")->capture_default_str();
}

void add_others(CLI::App& app, Arguments& arguments) {
  CLI::App* check = app.add_subcommand("check", "Checks scenario files; exit code 2 with file:line:column on an error");
  check->add_option("FILE", arguments.files, "scenario files")->required();
  check->add_option("--plugin", arguments.plugins, "LIB: adds the protocols of a shared library")
      ->allow_extra_args(false);
  check->footer(
      "Examples:\n"
      "  ghostnet check scenarios/*.yaml\n"
      "  ghostnet check mesh.yaml --json");
  check->add_flag("--json", arguments.json, "one JSON document on standard output");

  CLI::App* list = app.add_subcommand("list", "Lists the keys of scenarios, protocols, operations and metrics");
  list->add_option("--plugin", arguments.plugins, "LIB: adds the protocols of a shared library")
      ->allow_extra_args(false);
  list->add_flag("--json", arguments.json, "one JSON document on standard output");
  list->footer(
      "Examples:\n"
      "  ghostnet list | less\n"
      "  ghostnet list --schema > scenario.schema.json    for editors that check YAML by a schema");
  CLI::Option* schema = list->add_flag("--schema", arguments.schema, "the JSON Schema of scenario files");
  list->add_flag("--reference", arguments.reference, "the reference page of scenario files, as Markdown")
      ->excludes(schema);

  CLI::App* completion = app.add_subcommand("completion", "Prints a script that completes commands in a shell");
  completion->add_option("SHELL", arguments.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer(
      "Examples:\n"
      "  source <(ghostnet completion bash)\n"
      "  ghostnet completion zsh > \"${fpath[1]}/_ghostnet\"\n"
      "  ghostnet completion fish > ~/.config/fish/completions/ghostnet.fish");

  CLI::App* gui_command = app.add_subcommand("gui", "Shows a results database, also while it is written");
  gui_command->footer("Example: ghostnet gui results.sqlite");
  gui_command->add_option("FILE", arguments.files, "a results database; `ghostnet gui --help` lists the options");

  CLI::App* bench = app.add_subcommand("bench", "Runs benchmarks, the rivals' figures beside ours");
  CLI::Option* names = bench->add_option("NAME", arguments.benches, "benchmarks; all when left out");
  bench->add_flag("--calibrate", arguments.calibrate, "measures the cpu_per_* prices of scenarios on this machine")
      ->excludes(names);
  bench->footer(
      "Examples:\n"
      "  ghostnet bench fabric\n"
      "  ghostnet bench store runtime --json\n"
      "  ghostnet bench --calibrate          the CPU of hosts that are like this machine, as keys of a scenario\n"
      "Exit code: 0 all goals were met, 1 some were not.");
  bench->add_flag("--json", arguments.json, "one JSON document on standard output");
}

void add_results(CLI::App& app, Arguments& arguments) {
  CLI::App* all = app.add_subcommand("results", "Shows, compares and exports what `ghostnet run --db FILE` recorded");
  all->require_subcommand(1);
  all->footer(
      "Examples:\n"
      "  ghostnet results list\n"
      "  ghostnet results show last\n"
      "  ghostnet results compare 1 2\n"
      "  ghostnet results report -o report.html");
  ResultsCommand& results = arguments.results;
  const auto add = [&](const char* name, const char* help) {
    CLI::App* command = all->add_subcommand(name, help);
    command->add_option("--db", results.db, "FILE: the results file")->capture_default_str();
    return command;
  };
  const auto add_json = [&](CLI::App* command) {
    command->add_flag("--json", arguments.json, "one JSON document on standard output");
  };
  constexpr const char* kRuns = "7, 7,9, 7-12, last or batch:3, with [PATH=VALUE] for some of them";
  CLI::App* list = add("list", "Lists the runs");
  list->footer("Example: ghostnet results list --db mesh.sqlite");
  add_json(list);
  CLI::App* show = add("show", "Shows one run: its metrics, expectations and first events");
  show->footer("Example: ghostnet results show 7 --json");
  show->add_option("RUN", results.runs, "its number, or last")->expected(0, 1);
  add_json(show);

  CLI::App* compare = add("compare", "Says whether two runs, or two sets of repeats, differ beyond their noise");
  compare->add_option("SETS", results.runs, fmt::format("{}; FILE: in front for another file", kRuns))
      ->required()
      ->expected(2);
  compare->add_option("--confidence", results.confidence, "SHARE: that a difference is one")->capture_default_str();
  compare->add_option("--tolerance", results.tolerance,
                      "SHARE: a smaller one of A is no difference; 1 % when left out and a side is one run, else 0");
  compare->add_option("--metric", results.metrics, "NAME: only this one; may be given again")->allow_extra_args(false);
  compare->add_flag("--all", results.all, "shows what does not differ, too");
  compare->add_flag("--strict", results.strict, "a metric that only one side has makes a difference, too");
  compare->footer(
      "Example: ghostnet results compare baseline.sqlite:batch:1 results.sqlite:batch:1 --tolerance 1%\n"
      "Exit code: 0 no difference, 1 a difference, 2 the input was wrong.");
  add_json(compare);

  CLI::App* exporting = add("export", "Writes runs in the formats of other programs");
  exporting->add_option("RUNS", results.runs, fmt::format("{}; the last batch when left out", kRuns));
  exporting
      ->add_option("--format", results.format,
                   "csv, json, junit, markdown (a summary), prometheus or chrome (trace events)")
      ->check(CLI::IsMember({"csv", "json", "junit", "markdown", "prometheus", "chrome"}))
      ->capture_default_str();
  exporting->add_option("--table", results.table, "NAME: of csv: a table or view of docs/results.md")
      ->capture_default_str();
  exporting->footer(
      "Examples:\n"
      "  ghostnet results export --table host_series 7 -o hosts.csv\n"
      "  ghostnet results export --format markdown >> \"$GITHUB_STEP_SUMMARY\"\n"
      "  ghostnet results export --format chrome last -o trace.json    for ui.perfetto.dev");
  exporting->add_option("-o,--output", results.output, "FILE instead of standard output");

  CLI::App* report = add("report", "Writes one self-contained HTML page with charts");
  report->add_option("RUNS", results.runs, fmt::format("{}; the last batch when left out", kRuns));
  report->footer("Example: ghostnet results report 'batch:3[network.loss=1 %]' -o loss.html");
  report->add_option("-o,--output", results.output, "FILE instead of report.html");
}

int dispatch_results(const CLI::App& app, const Arguments& arguments) {
  ResultsCommand command = arguments.results;
  command.json = arguments.json;
  if (app.got_subcommand("list")) return results_list(command);
  if (app.got_subcommand("show")) return results_show(command);
  if (app.got_subcommand("compare")) return results_compare(command);
  if (app.got_subcommand("export")) return results_export(command);
  return results_report(command);
}

void add_live(CLI::App& app, Arguments& arguments) {
  CLI::App* node = app.add_subcommand("node", "Runs a live libp2p node: events out and commands in, as lines of JSON");
  node->add_option("--listen", arguments.node.listen, "MULTIADDR to listen at, as in /ip4/127.0.0.1/tcp/4001")
      ->allow_extra_args(false);
  node->add_option("--peer", arguments.node.peers, "MULTIADDR of a peer to connect to")->allow_extra_args(false);
  node->add_option("--bootstrap", arguments.node.bootstrap_file,
                   "FILE with a MULTIADDR on each line, dialled at the start and whenever nobody is connected");
  node->add_option("--direct", arguments.node.direct,
                   "MULTIADDR/p2p/PEER with whom all gossipsub messages are exchanged, outside of the mesh")
      ->allow_extra_args(false);
  node->add_flag("--validate", arguments.node.validate, "messages wait for a verdict, which a command gives");
  node->add_flag("--no-commands", arguments.node.no_commands, "reads no commands, and ends at a signal only");
  node->add_option("--topic", arguments.node.topics, "NAME of a gossipsub topic to join")->allow_extra_args(false);
  node->add_option("--dht", arguments.node.dht, "PART: client, server or off, in the DHT")->capture_default_str();
  node->add_option("--key", arguments.node.key_file, "FILE with the identity; made where there is none");
  node->add_option("--security", arguments.node.security, "NAME,...: noise, tls or plaintext, in order of preference")
      ->delimiter(',')
      ->capture_default_str();

  node->add_option("--allow", arguments.node.allow, "PEER or ADDRESS[/BITS] to connect with; once said, only those")
      ->allow_extra_args(false);
  node->add_option("--deny", arguments.node.deny, "PEER or ADDRESS[/BITS] never to connect with")
      ->allow_extra_args(false);
  node->add_option("--dns", arguments.node.dns, "ADDRESS[:PORT] of a server for /dnsaddr; else /etc/resolv.conf says")
      ->allow_extra_args(false);
  node->add_option("--metrics", arguments.node.metrics, "ADDRESS:PORT where Prometheus finds /metrics");
  node->add_option("--trace", arguments.node.trace, "FILE for a trace of gossipsub, as go-libp2p-pubsub writes it");

  node->footer(
      "Examples:\n"
      "  ghostnet node --listen /ip4/0.0.0.0/tcp/4001 --key node.key --topic news\n"
      "  ghostnet node --peer /dnsaddr/bootstrap.libp2p.io --dht client\n"
      "  echo '{\"id\": 1, \"do\": \"peers\"}' | ghostnet node --peer MULTIADDR");

  CLI::App* ping = app.add_subcommand("ping", "Pings a libp2p node");
  ping->footer("Example: ghostnet ping /ip4/127.0.0.1/tcp/4001 --count 3");
  ping->add_option("MULTIADDR", arguments.ping.address, "where it listens, as in /ip4/127.0.0.1/tcp/4001")->required();
  ping->add_option("--count", arguments.ping.count, "N: how often")->capture_default_str();
  ping->add_option("--security", arguments.ping.security, "NAME,...: noise, tls or plaintext, in order of preference")
      ->delimiter(',')
      ->capture_default_str();
  ping->add_option("--dns", arguments.ping.dns, "ADDRESS[:PORT] of a server for /dnsaddr; else /etc/resolv.conf says")
      ->allow_extra_args(false);
  ping->add_flag("--json", arguments.ping.json, "one JSON document on standard output");
}

void add_tun(CLI::App& app, Arguments& arguments) {
  TunCommand& command = arguments.tun;
  CLI::App* tun = app.add_subcommand("tun", "Runs our IP and TCP stack on a TUN device, next to the kernel's");
  const auto add_many = [tun](const char* name, std::vector<std::string>& values, const char* help) {
    return tun->add_option(name, values, help)->allow_extra_args(false);
  };
  add_many("--address", command.addresses, "ADDRESS/BITS of our stack; again for more")->required();
  add_many("--kernel", command.kernel, "ADDRESS/BITS of the kernel at the other end of the device");
  add_many("--route", command.routes, "NETWORK/BITS that the kernel sends into the device, too");
  tun->add_option("--device", command.device, "its name; %d is the first free number")->capture_default_str();
  tun->add_option("--netns", command.netns, "NAME of a namespace, as `ip netns add` made it, for the device");
  tun->add_option("--mtu", command.mtu, "of the device")->check(CLI::Range(1280, 65'535))->capture_default_str();
  tun->add_flag("--no-offload", command.no_offload, "single packets instead of 64 KiB ones");
  add_many("--forward", command.forward,
           "[ADDRESS:]PORT=HOST:PORT: connections to a port of our stack go on by the kernel");
  add_many("--reach", command.reach,
           "[ADDRESS:]PORT=HOST:PORT: connections to a port of the kernel go on by our stack");
  tun->add_option("--echo", command.echo, "PORT where our stack echoes, over UDP and TCP");
  add_many("--tcp", command.tcp, "KEY=VALUE of the section `tcp` of scenarios, as congestion=newreno");
  add_many("--line", command.line,
           "KEY=VALUE of the line to the stack: bandwidth, delay, jitter, loss, duplicate, corrupt, reorder, queue");
  tun->add_option("--pcap", command.pcap, "FILE for the packets, for Wireshark");
  tun->add_option("--trace", command.trace, "FILE for the state of each connection, a line of JSON ten times a second");
  tun->add_option("--status", command.status, "TIME between tables of the connections");
  tun->add_option("--for", command.lasts, "TIME after which it ends; else at a signal");
  tun->footer(
      "Wants CAP_NET_ADMIN. Our stack answers pings. Example, a web server seen through our TCP and a bad line:\n"
      "  sudo ghostnet tun --address 10.9.0.2/24 --kernel 10.9.0.1/24 --forward 8080=127.0.0.1:80 \\\n"
      "       --line delay=20ms --line loss=1% --tcp congestion=newreno --status 1s --pcap tun.pcapng\n"
      "  curl http://10.9.0.2:8080/\n"
      "And a client that reaches another machine through it (here the kernel's own):\n"
      "  sudo ghostnet tun --address 10.9.0.2/24 --kernel 10.9.0.1/24 --reach 127.0.0.1:2222=10.9.0.1:22\n"
      "Exit code: 0 after --for, 2 wrong input or no permission, 3 an internal error, 130 at a signal.");
}

constexpr Duration kLongestRun = 24h * 365;

// Digits and nothing else: no sign, no octal or hexadecimal form, no leading zeros.
Result<std::uint64_t> count_of(std::string_view option, const std::string& text, std::uint64_t from, std::uint64_t to) {
  const bool plain = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos &&
                     (text.size() == 1 || text.front() != '0');
  const Result<std::uint64_t> number = plain ? parse_unsigned(text) : fail(Errc::invalid_argument, "no number");
  if (number && *number >= from && *number <= to) return *number;
  return fail(Errc::invalid_argument, "{} '{}': expected a whole number from {} to {}", option, text, from, to);
}

Result<> complete_counts(Arguments& arguments) {
  if (arguments.seed) {
    Result<std::uint64_t> seed = count_of("--seed", *arguments.seed, 0, std::numeric_limits<std::uint64_t>::max());
    if (!seed) return fail(std::move(seed));
    arguments.run.overrides.seed = *seed;
  }
  if (arguments.repeat) {
    Result<std::uint64_t> repeat = count_of("--repeat", *arguments.repeat, 1, 100'000);
    if (!repeat) return fail(std::move(repeat));
    arguments.run.repeat = static_cast<std::uint32_t>(*repeat);
  }
  if (arguments.jobs) {
    Result<std::uint64_t> jobs = count_of("--jobs", *arguments.jobs, 1, 256);
    if (!jobs) return fail(std::move(jobs));
    arguments.run.jobs = *jobs;
  }
  return {};
}

Result<> complete(Arguments& arguments) {
  for (const std::string& text : arguments.set) {
    std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Errc::invalid_argument, "--set {}: expected PATH=VALUE, as in network.loss=1%", text);
    }
    arguments.run.overrides.set.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (Result<> counts = complete_counts(arguments); !counts) return counts;
  if (!arguments.until.empty()) {
    Result<Duration> until = parse_duration(arguments.until);
    if (!until || *until < 1ms || *until > kLongestRun) {
      return fail(Errc::invalid_argument, "--until {}: expected a time from 1 ms to 365 d, as in 30 s",
                  arguments.until);
    }
    arguments.run.overrides.until = *until;
  }
  if (arguments.carrier == "fabric") arguments.run.overrides.carrier = sim::Carrier::fabric;
  if (arguments.carrier == "ns3") arguments.run.overrides.carrier = sim::Carrier::ns3;
  Result<LogLevel> level = parse_log_level(arguments.log);
  if (!level) return fail(level.error().while_doing("--log"));
  arguments.run.log = *level;
  arguments.run.json = arguments.json;
  for (const std::string& word : arguments.words) {
    arguments.run.command_line += arguments.run.command_line.empty() ? word : " " + word;
  }
  arguments.run.quiet = arguments.run.quiet || arguments.json;
  return {};
}

Result<> load_plugins(Arguments& arguments, Program& program) {
  for (const std::string& plugin : arguments.plugins) {
    if (Result<> loaded = scenarios::load_plugin(plugin, program.registry); !loaded) return loaded;
    arguments.run.plugins.emplace_back(plugin, digest_of_file(plugin));
  }
  return {};
}

// Options that would be without effect beside the others.
Result<> check_together(const CLI::App& app, const Arguments& arguments) {
  if (!app.got_subcommand("run")) return {};
  const auto given = [&](const char* option) { return app.get_subcommand("run")->get_option(option)->count() != 0; };
  if (given("--live") && arguments.run.mode != "live") {
    return fail(Errc::invalid_argument, "--live {}: says how a live run shares this machine; add --mode live",
                arguments.run.live);
  }
  if (given("--carrier") && arguments.run.mode == "live") {
    return fail(Errc::invalid_argument, "--carrier {}: is of simulations; a live run is carried by this machine",
                arguments.carrier);
  }
  return {};
}

int dispatch(const CLI::App& app, Arguments& arguments, Program& program) {
  Result<> ready = check_together(app, arguments);
  if (ready) ready = complete(arguments);
  if (ready) ready = load_plugins(arguments, program);
  if (!ready) {
    return refuse(ready.error(), arguments.json);
  }
  if (app.got_subcommand("run")) return run(arguments.run, program);
  if (app.got_subcommand("check")) return check(arguments.files, arguments.json, program);
  if (app.got_subcommand("results")) return dispatch_results(*app.get_subcommand("results"), arguments);
  if (app.got_subcommand("node")) return node(arguments.node);
  if (app.got_subcommand("ping")) return p2p_ping(arguments.ping);
  if (app.got_subcommand("tun")) return tun(arguments.tun);
  if (app.got_subcommand("completion")) {
    fmt::print("{}", completion_script(app, arguments.shell));
    return kOk;
  }
  if (app.got_subcommand("list")) {
    return list(arguments.schema      ? ListForm::schema
                : arguments.reference ? ListForm::reference
                : arguments.json      ? ListForm::json
                                      : ListForm::text,
                program);
  }
  if (arguments.calibrate) return calibrate(arguments.json);
  return bench(arguments.benches, arguments.json, program);
}

int program_main(int argc, char** argv) {
  Program program;
  program.executable = std::filesystem::read_symlink("/proc/self/exe");
  if (Result<> added = services::add_all(program.registry); !added) {
    fmt::print(stderr, "ghostnet: {}\n", added.error().message());
    return kInternal;
  }
  CLI::App app("Runs network protocols in simulated and in real time.", "ghostnet");
  app.set_version_flag("--version", fmt::format("ghostnet {} ({})", build_info::version(), build_info::revision()));
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  ghostnet run scenarios/hello-mesh.yaml --db results.sqlite\n"
      "  ghostnet results report\n"
      "  ghostnet COMMAND --help");
  Arguments arguments;
  arguments.words.assign(argv, argv + argc);
  // The visualizer reads its own options.
  if (argc > 1 && arguments.words[1] == "gui") {
    return gui({arguments.words.begin() + 2, arguments.words.end()}, program);
  }
  add_run(app, arguments);
  add_results(app, arguments);
  add_others(app, arguments);
  add_live(app, arguments);
  add_tun(app, arguments);
  if (argc <= 1) {
    fmt::print(stderr, "{}", app.help());
    return kBadInput;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    // Help and version; but there is no help for what there is not.
    const std::string& word = arguments.words[1];
    const bool is_known = word.starts_with('-') || std::ranges::any_of(app.get_subcommands({}), [&](CLI::App* command) {
                            return command->get_name() == word;
                          });
    if (e.get_exit_code() == 0 && is_known) return app.exit(e);
    const std::string why = explain_usage_error(app, e, argv[1]);
    fmt::print(stderr, "ghostnet: {}\n", why);
    if (std::ranges::find(arguments.words, "--json") != arguments.words.end()) {
      print_failure({Errc::invalid_argument, why.substr(0, why.find('\n'))});
    }
    return kBadInput;
  }
  return dispatch(app, arguments, program);
}

// What is printed must get where it belongs, which it does not on a full disk.
int flushed(int exit_code) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  const std::string why = errno != 0 ? fmt::format(": {}", std::generic_category().message(errno)) : "";
  fmt::print(stderr, "ghostnet: standard output could not be written{}\n", why);
  return worse(exit_code, kBadInput);
}

}  // namespace

}  // namespace ghostnet::cli

int main(int argc, char** argv) {
  try {
    return ghostnet::cli::flushed(ghostnet::cli::program_main(argc, argv));
  } catch (const std::system_error& e) {
    if (std::ferror(stdout) != 0) return ghostnet::cli::flushed(ghostnet::cli::kOk);
    fmt::print(stderr, "ghostnet: a bug, please report it: {}\n", e.what());
    return ghostnet::cli::kInternal;
  } catch (const std::exception& e) {
    fmt::print(stderr, "ghostnet: a bug, please report it: {}\n", e.what());
    return ghostnet::cli::kInternal;
  }
}
