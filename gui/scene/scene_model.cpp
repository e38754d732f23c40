#include "ghostnet/gui/scene/scene_model.hpp"

#include <QElapsedTimer>
#include <algorithm>
#include <cmath>

#include "charts/units.hpp"
#include "ghostnet/gui/scene/force_layout.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kShowProgressMs = 60;
// Which links of a run that is written have ended is seen by reading them anew: so often, and seldomer where that takes
// longer.
constexpr qint64 kReadAnewMs = 700;
constexpr qint64 kReadManyAnewMs = 2'000;
constexpr std::size_t kManyLinks = 50'000;

std::vector<Pair> pairs_of(const std::vector<results::LinkRow>& links, const HostTable& hosts) {
  std::vector<Pair> pairs;
  for (const results::LinkRow& link : links) {
    const auto a = hosts.index_of(link.a);
    const auto b = hosts.index_of(link.b);
    if (!a || !b || *a == *b) continue;
    pairs.push_back({static_cast<std::uint32_t>(std::min(*a, *b)), static_cast<std::uint32_t>(std::max(*a, *b))});
  }
  std::ranges::sort(pairs, {}, [](const Pair& pair) { return std::pair{pair.a, pair.b}; });
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  return pairs;
}

Placement hosts_settled(const HostTable& hosts, const Ground* ground, LayoutKind kind, const std::vector<Pair>& links,
                        const Ticket& ticket, const std::function<void(Placement)>& show) {
  if (kind == LayoutKind::network && ground != nullptr) return network_placement(hosts, *ground);
  if (kind == LayoutKind::map) return map_placement(hosts);
  if (kind == LayoutKind::plane) return plane_placement(hosts);
  if (kind == LayoutKind::radial) return radial_placement(hosts, links);
  ForceLayout layout(hosts.size(), links);
  QElapsedTimer since;
  since.start();
  while (ticket.wanted() && layout.step()) {
    if (since.elapsed() < kShowProgressMs) continue;
    show(layout.placement());
    since.restart();
  }
  return layout.placement();
}

// Routers that the layout did not place stand where their hosts do.
Placement settled(const HostTable& hosts, const Ground* ground, LayoutKind kind, const std::vector<Pair>& links,
                  const Ticket& ticket, const std::function<void(Placement)>& show) {
  const auto with_routers = [ground](Placement placement) {
    if (ground != nullptr && placement.routers.empty()) placement.routers = router_spots(*ground, placement.spots);
    return placement;
  };
  return with_routers(hosts_settled(hosts, ground, kind, links, ticket,
                                    [&](Placement placement) { show(with_routers(std::move(placement))); }));
}

// Where the scale of delays ends: the few that come much later would make all others look alike.
std::int64_t slowest_ns(const Propagation& propagation) {
  return std::max<std::int64_t>(1, propagation.delay_of_share(0.99));
}

}  // namespace

SceneModel::SceneModel(Document& document, QObject* parent) : QObject(parent), document_(document) {
  connect(&document_, &Document::run_changed, this, &SceneModel::begin_run);
  connect(&document_, &Document::run_grew, this, [this] {
    const qint64 pause_ms = scene_.edges->edges.size() < kManyLinks ? kReadAnewMs : kReadManyAnewMs;
    if (!read_anew_.isValid() || read_anew_.elapsed() > pause_ms) {
      forget_ = true;
      read_anew_.restart();
    }
    if (document_.hosts()->size() != scene_.size()) begin_run();
    ask_moment();
  });
  connect(&document_, &Document::time_changed, this, [this](qint64 time_ns) {
    scene_.time_ns = time_ns;
    place_moving();
    Q_EMIT changed();
    ask_moment();
  });
  connect(&document_, &Document::look_changed, this, &SceneModel::apply_look);
  connect(&document_, &Document::selection_changed, this, &SceneModel::apply_selection);
  connect(&document_, &Document::theme_changed, this, [this] {
    colour_nodes();
    colour_trace();
    Q_EMIT changed();
  });
  scene_.theme = document_.theme_kind();
}

void SceneModel::begin_run() {
  has_messages_ = false;
  reader_ = std::make_shared<MomentReader>(document_.run_id(), document_.hosts());
  moment_inquiry_.withdraw();
  moment_asked_ = false;
  moment_ = {};
  const bool followed = follows();
  propagation_ = std::make_shared<Propagation>();
  shown_trace_.reset();
  finder_.reset();
  routes_.reset();
  routes_inquiry_.withdraw();
  ranged_colour_.clear();
  ranged_size_.clear();
  scene_ = {.theme = document_.theme_kind(), .time_ns = document_.time_ns()};
  colour_nodes();
  if (followed) Q_EMIT propagation_changed();
  ask_layout();
  ask_ranges();
  ask_moment();
}

void SceneModel::ask_layout() {
  laid_out_ = document_.look().layout;
  struct Answer {
    std::vector<results::LinkRow> links;
    results::Topology topology;
  };
  const auto read = [run = document_.run_id()](const results::Database& database) -> Result<Answer> {
    Result<std::vector<results::LinkRow>> links = results::links(database, run, kMaxLayoutLinks);
    if (!links) return fail(std::move(links));
    Result<results::Topology> topology = results::topology(database, run);
    if (!topology) return fail(std::move(topology));
    return Answer{std::move(*links), std::move(*topology)};
  };
  document_.data().ask(links_inquiry_, read, [this](Result<Answer> answer) {
    if (!answer) return;
    const std::shared_ptr<const HostTable> hosts = document_.hosts();
    const std::shared_ptr<const Ground> ground =
        ground_of(std::move(answer->topology), document_.run()->carrier, *hosts);
    set_ground(ground);
    const LayoutKind kind = chosen_layout(*hosts, laid_out_, !answer->links.empty(), ground != nullptr);
    const auto work = [this, hosts, ground, kind, rows = std::move(answer->links)](const Ticket& ticket) {
      return settled(*hosts, ground.get(), kind, pairs_of(rows, *hosts), ticket, [&](Placement placement) {
        layouts_.post([this, ticket, placement = std::move(placement)]() mutable {
          if (ticket.wanted()) take_placement(std::move(placement));
        });
      });
    };
    layouts_.ask(layout_inquiry_, work, [this](Placement placement) { take_placement(std::move(placement)); });
  });
}

void SceneModel::set_ground(std::shared_ptr<const Ground> ground) {
  scene_.ground = std::move(ground);
  finder_ = scene_.ground != nullptr ? std::make_shared<RouteFinder>(scene_.ground) : nullptr;
  ask_routes();
  if (scene_.ground != nullptr) ask_moment();
}

void SceneModel::take_placement(Placement placement) {
  scene_.placement = std::make_shared<Placement>(std::move(placement));
  scene_.spots = std::shared_ptr<const std::vector<Spot>>(scene_.placement, &scene_.placement->spots);
  place_moving();
  Q_EMIT changed();
  Q_EMIT placed();
}

void SceneModel::ask_moment() {
  if (reader_ == nullptr) return;
  const auto metric_of = [this](const std::string& name) -> std::optional<std::int64_t> {
    const results::SeriesName* series = document_.find_series(name);
    return series != nullptr && series->of_hosts ? std::optional(series->metric_id) : std::nullopt;
  };
  const Look& look = document_.look();
  moment_wished_ = MomentWish{.time_ns = document_.time_ns(),
                              .ahead_ns = kAheadNs,
                              .colour_metric = metric_of(look.colour_by),
                              .size_metric = metric_of(look.size_by),
                              .flights = look.show_messages,
                              .positions = scene_.placement->kind == LayoutKind::plane,
                              .ground = scene_.ground};
  if (moment_asked_) return;
  moment_asked_ = true;
  const MomentWish wish = *std::exchange(moment_wished_, std::nullopt);
  const auto read = [reader = reader_, wish,
                     forget = std::exchange(forget_, false)](const results::Database& database) {
    if (forget) reader->forget();
    return reader->read(database, wish);
  };
  document_.data().ask(
      moment_inquiry_, read,
      [this](Result<Moment> moment) {
        moment_asked_ = false;
        if (moment) take_moment(std::move(*moment));
        if (moment_wished_ && (!moment || moment_wished_->time_ns != moment->time_ns || forget_)) ask_moment();
      },
      DataSource::Lane::mesh);
}

void SceneModel::take_moment(Moment moment) {
  moment_ = std::move(moment);
  const auto edges_before = scene_.edges;
  const auto parts_before = scene_.parts;
  if (scene_.edges != moment_.edges) {
    scene_.edges = moment_.edges;
    link_counts_.assign(scene_.edges->kinds.size(), 0);
    for (const Edge& edge : scene_.edges->edges) ++link_counts_[edge.kind];
  }
  // Parts that are the same stay the same object, so that what was drawn of them stays, too.
  const bool same_parts = scene_.parts != nullptr && moment_.parts != nullptr && *scene_.parts == *moment_.parts;
  if (!same_parts) scene_.parts = moment_.parts;
  if (scene_.parts != nullptr && scene_.parts->of_host.size() != document_.hosts()->size()) scene_.parts.reset();
  if (scene_.edges != edges_before || scene_.parts != parts_before) {
    cut_links_ = std::ranges::count_if(scene_.edges->edges, [this](const Edge& edge) { return scene_.is_cut(edge); });
  }
  if (scene_.edges != edges_before) {
    ask_routes();
    find_table();
  }
  scene_.conditions = moment_.conditions;
  scene_.flights = std::make_shared<const std::vector<Flight>>(moment_.flights);
  has_messages_ = has_messages_ || !moment_.flights.empty();
  const Look& look = document_.look();
  scene_.hidden_kinds.clear();
  for (const std::string& kind : scene_.edges->kinds)
    scene_.hidden_kinds.push_back(look.hidden_link_kinds.contains(kind));
  scene_.shows_wires = !look.hidden_link_kinds.contains("wire");
  show_routes();
  const auto topic = std::ranges::find(scene_.edges->topics, look.topic);
  scene_.topic = look.topic.empty() || topic == scene_.edges->topics.end()
                     ? std::uint16_t{0}
                     : static_cast<std::uint16_t>(topic - scene_.edges->topics.begin());
  colour_nodes();
  place_moving();
  Q_EMIT changed();
}

// The scales of colour and size stay the same all along a run: those of its end.
void SceneModel::ask_ranges() {
  const Look& look = document_.look();
  const results::SeriesName* colour = document_.find_series(look.colour_by);
  const results::SeriesName* size = document_.find_series(look.size_by);
  if (ranged_colour_ == look.colour_by && ranged_size_ == look.size_by) return;
  ranged_colour_ = look.colour_by;
  ranged_size_ = look.size_by;
  if (colour == nullptr && size == nullptr) return;
  const auto read = [run = document_.run_id(), end = document_.end_ns(), colour = colour ? colour->metric_id : -1,
                     size = size ? size->metric_id
                                 : -1](const results::Database& database) -> Result<std::pair<ValueRange, ValueRange>> {
    const auto range = [&](std::int64_t metric) -> Result<ValueRange> {
      Result<results::ValuesAt> values = results::values_at(database, run, metric, end);
      if (!values) return fail(std::move(values));
      HostValues plain;
      for (const auto& [host, value] : values->values) plain.push_back(static_cast<float>(value));
      return range_of(plain);
    };
    Result<ValueRange> of_colour = range(colour);
    if (!of_colour) return fail(std::move(of_colour));
    Result<ValueRange> of_size = range(size);
    if (!of_size) return fail(std::move(of_size));
    return std::pair{*of_colour, *of_size};
  };
  document_.data().ask(range_inquiry_, read, [this](Result<std::pair<ValueRange, ValueRange>> ranges) {
    if (!ranges) return;
    std::tie(colour_range_, size_range_) = *ranges;
    colour_nodes();
    Q_EMIT changed();
  });
}

void SceneModel::ask_trace() {
  shown_trace_ = document_.selection().trace;
  scene_.trace.reset();
  propagation_ = std::make_shared<Propagation>();
  colour_nodes();
  Q_EMIT propagation_changed();
  if (!shown_trace_) return trace_inquiry_.withdraw();
  using Answer = Result<std::shared_ptr<const Propagation>>;
  const auto read = [run = document_.run_id(), trace = *shown_trace_](const results::Database& database) -> Answer {
    Result<std::vector<results::MessageAt>> hops = results::hops_of(database, run, trace, kMaxHops);
    if (!hops) return fail(std::move(hops));
    return std::make_shared<const Propagation>(propagation_of(trace, std::move(*hops)));
  };
  document_.data().ask(trace_inquiry_, read, [this](Answer propagation) {
    if (!propagation || (*propagation)->empty()) return;
    propagation_ = std::move(*propagation);
    colour_nodes();
    colour_trace();
    Q_EMIT propagation_changed();
    Q_EMIT changed();
  });
}

void SceneModel::apply_look() {
  if (document_.look().layout != laid_out_) ask_layout();
  ask_ranges();
  take_moment(std::move(moment_));
  ask_moment();
}

void SceneModel::apply_selection() {
  scene_.selected.clear();
  for (const std::int64_t host : document_.selection().hosts) {
    if (const auto index = document_.hosts()->index_of(host))
      scene_.selected.push_back(static_cast<std::uint32_t>(*index));
  }
  if (document_.selection().trace != shown_trace_) ask_trace();
  ask_routes();
  find_table();
  Q_EMIT changed();
}

void SceneModel::find_table() {
  scene_.table.reset();
  if (scene_.selected.size() != 1) return;
  TableLook table{.host = scene_.selected.front()};
  for (const Edge& edge : scene_.edges->edges) {
    if (edge.bucket < 0) continue;
    if (edge.b == table.host) ++table.held_by;
    if (edge.a != table.host) continue;
    ++table.entries;
    table.deepest = std::max(table.deepest, edge.bucket);
  }
  if (table.entries > 0) scene_.table = table;
}

// From the peers of one selected host to it, between several, or along a selected link.
std::vector<Pair> SceneModel::routes_wanted() const {
  std::vector<Pair> wanted;
  if (const auto& link = document_.selection().link) {
    const auto a = document_.hosts()->index_of(link->a);
    const auto b = document_.hosts()->index_of(link->b);
    if (a && b) wanted.push_back({static_cast<std::uint32_t>(*a), static_cast<std::uint32_t>(*b)});
    return wanted;
  }
  const std::vector<std::uint32_t>& selected = scene_.selected;
  if (selected.size() > kMaxRouted) return wanted;
  if (selected.size() == 1) {
    for (const Edge& edge : scene_.edges->edges) {
      if (edge.a == selected[0]) wanted.push_back({edge.b, edge.a});
      if (edge.b == selected[0]) wanted.push_back({edge.a, edge.b});
    }
    std::ranges::sort(wanted, {}, &Pair::a);
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    return wanted;
  }
  for (std::size_t to = 1; to < selected.size(); ++to) {
    for (std::size_t from = 0; from < to; ++from) wanted.push_back({selected[from], selected[to]});
  }
  return wanted;
}

void SceneModel::ask_routes() {
  if (finder_ == nullptr) return;
  const auto seek = [finder = finder_, wanted = routes_wanted()](const Ticket&) {
    return std::make_shared<const RouteLook>(look_of_routes(*finder, wanted));
  };
  routing_.ask(routes_inquiry_, seek, [this](std::shared_ptr<const RouteLook> routes) {
    routes_ = std::move(routes);
    show_routes();
    Q_EMIT changed();
  });
}

void SceneModel::show_routes() {
  const bool shown = routes_ != nullptr && routes_->count > 0 && !document_.look().hidden_link_kinds.contains("route");
  scene_.routes = shown ? routes_ : nullptr;
}

void SceneModel::colour_nodes() {
  const Theme& theme = document_.theme();
  const Look& look = document_.look();
  scene_.theme = theme.kind;
  auto nodes = std::make_shared<NodeLook>();
  const results::SeriesName* series = document_.find_series(look.colour_by);
  Colouring colouring;
  if (series != nullptr && moment_.colour_values != nullptr) {
    colouring = colour_by_value(*moment_.colour_values, colour_range_, *series, theme);
  } else {
    colouring = named_colouring();
  }
  nodes->colours = std::move(colouring.colours);
  legend_ = std::move(colouring.legend);
  size_legend_.reset();
  const results::SeriesName* size = document_.find_series(look.size_by);
  if (moment_.size_values != nullptr) nodes->sizes = sizes_by_value(*moment_.size_values, size_range_);
  if (moment_.size_values != nullptr && size != nullptr) {
    size_legend_ = {.metric = QString::fromStdString(size->name),
                    .low = chart::value_text(size_range_.low, size->unit),
                    .high = chart::value_text(size_range_.high, size->unit)};
  }
  scene_.nodes = std::move(nodes);
  if (!follows()) return;
  legend_ = {.title = QObject::tr("Delay of the message"),
             .is_scale = true,
             .is_reversed = true,
             .low = QObject::tr("0 ms"),
             .high = chart::duration_text(slowest_ns(*propagation_))};
}

void SceneModel::colour_trace() {
  if (!follows()) return;
  auto trace = std::make_shared<TraceLook>();
  trace->began_ns = propagation_->began_ns;
  const auto slowest = static_cast<double>(slowest_ns(*propagation_));
  const auto index_of = [&](std::int64_t host) {
    return static_cast<std::uint32_t>(document_.hosts()->index_of(host).value_or(0));
  };
  trace->root = index_of(propagation_->arrivals.front().host);
  for (const Arrival& arrival : propagation_->arrivals) {
    if (!arrival.parent) continue;
    // The first are the lightest: a wave that runs from light to dark.
    const double share = 1 - static_cast<double>(arrival.delay_ns) / slowest;
    trace->hops.push_back({.from = index_of(propagation_->arrivals[*arrival.parent].host),
                           .to = index_of(arrival.host),
                           .sent_ns = arrival.sent_ns,
                           .arrived_ns = arrival.arrived_ns,
                           .colour = sequential_colour(document_.theme(), 0.1 + 0.9 * share).rgb()});
  }
  scene_.trace = std::move(trace);
}

// Names do not change with the moment, so their colours are found once: of a hundred thousand hosts that takes a while.
const Colouring& SceneModel::named_colouring() {
  const Look& look = document_.look();
  Named wanted{.by = look.colour_by,
               .theme = document_.theme_kind(),
               .hosts = document_.hosts(),
               .conditions = {},
               .colouring = {}};
  if (look.colour_by == "state") wanted.conditions = moment_.conditions;
  if (named_.by != wanted.by || named_.theme != wanted.theme || named_.hosts != wanted.hosts ||
      named_.conditions != wanted.conditions) {
    named_ = std::move(wanted);
    named_.colouring = colour_by_name(*named_.hosts, look.colour_by, *moment_.conditions, document_.theme());
  }
  return named_.colouring;
}

// Hosts that move are between the places that were recorded before and after the instant.
void SceneModel::place_moving() {
  if (scene_.placement->kind != LayoutKind::plane || !moment_.positions) return;
  const results::PositionsAt& positions = *moment_.positions;
  auto spots = std::make_shared<std::vector<Spot>>(scene_.placement->spots);
  const double span = static_cast<double>(positions.after_ns - positions.before_ns);
  const double share = positions.after.empty() || span <= 0
                           ? 0
                           : std::clamp(static_cast<double>(scene_.time_ns - positions.before_ns) / span, 0.0, 1.0);
  auto after = positions.after.begin();
  for (const auto& place : positions.before) {
    const auto index = document_.hosts()->index_of(place.host);
    if (!index || *index >= spots->size()) continue;
    while (after != positions.after.end() && after->host < place.host) ++after;
    const bool goes_on = after != positions.after.end() && after->host == place.host;
    const double x = goes_on ? std::lerp(place.x_m, after->x_m, share) : place.x_m;
    const double y = goes_on ? std::lerp(place.y_m, after->y_m, share) : place.y_m;
    (*spots)[*index] = {static_cast<float>(x), static_cast<float>(-y)};
  }
  scene_.spots = std::move(spots);
}

QString SceneModel::value_of(std::size_t host) const {
  const results::SeriesName* series = document_.find_series(document_.look().colour_by);
  if (series == nullptr || moment_.colour_values == nullptr || host >= moment_.colour_values->size()) return {};
  return QString("%1  %2").arg(QString::fromStdString(series->name),
                               chart::value_text((*moment_.colour_values)[host], series->unit));
}

}  // namespace ghostnet::gui
