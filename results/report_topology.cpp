// The hosts of a run on a plane: where they were said to stand, or else gathered by region in sunflower spirals, so
// that a thousand or ten thousand dots fill a disc evenly.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>
#include <tuple>

#include "ghostnet/results/junit.hpp"
#include "report_parts.hpp"
#include "svg_chart.hpp"

namespace ghostnet::results {

namespace {

constexpr double kWidth = 960;
constexpr double kHeight = 420;
constexpr double kMargin = 34;
constexpr std::size_t kMaxDots = 12'000;
constexpr std::int64_t kMaxLinks = 4'000;
constexpr std::size_t kMaxLabels = 24;
constexpr std::int64_t kMaxTalks = 1'500;  // drawn where there are no links

struct Dot {
  double x = 0;
  double y = 0;
  std::size_t colour = 0;
};

struct Label {
  double x = 0;
  double y = 0;
  std::string text;
};

struct Layout {
  std::vector<Dot> dots;  // by host
  std::vector<Label> labels;
  double radius = 3;
};

bool are_placed(const std::vector<HostRow>& hosts) {
  return std::ranges::all_of(hosts, [](const HostRow& host) { return host.x && host.y; });
}

// Below the hosts of each region.
std::vector<Label> region_labels(const std::vector<HostRow>& hosts, const std::vector<Dot>& dots) {
  struct Extent {
    double x_sum = 0;
    double lowest_y = 0;
    std::size_t hosts = 0;
  };
  std::map<std::string, Extent> regions;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (hosts[i].region.empty()) continue;
    Extent& extent = regions[hosts[i].region];
    extent.x_sum += dots[i].x;
    extent.lowest_y = std::max(extent.lowest_y, dots[i].y);
    ++extent.hosts;
  }
  std::vector<Label> labels;
  if (regions.size() > kMaxLabels) return labels;
  for (const auto& [name, extent] : regions) {
    const double x = std::clamp(extent.x_sum / static_cast<double>(extent.hosts), 60.0, kWidth - 60);
    labels.push_back({x, std::min(extent.lowest_y + 18, kHeight - 6), fmt::format("{}: {}", name, extent.hosts)});
  }
  return labels;
}

Layout by_position(const std::vector<HostRow>& hosts) {
  double left = std::numeric_limits<double>::infinity(), right = -left, bottom = left, top = -left;
  for (const HostRow& host : hosts) {
    left = std::min(left, *host.x), right = std::max(right, *host.x);
    bottom = std::min(bottom, *host.y), top = std::max(top, *host.y);
  }
  const double scale = std::min((kWidth - 2 * kMargin) / std::max(right - left, 1e-9),
                                (kHeight - 2 * kMargin) / std::max(top - bottom, 1e-9));
  Layout layout;
  for (const HostRow& host : hosts) {
    const double x = kWidth / 2 + (*host.x - (left + right) / 2) * scale;
    const double y = kHeight / 2 - (*host.y - (bottom + top) / 2) * scale;
    layout.dots.push_back({x, y, 0});
  }
  layout.labels = region_labels(hosts, layout.dots);
  layout.radius = std::clamp(60 / std::sqrt(static_cast<double>(hosts.size())), 1.0, 4.0);
  return layout;
}

// Discs side by side, each as large as its region has hosts.
Layout by_region(const std::vector<HostRow>& hosts) {
  std::map<std::string, std::size_t> sizes;
  for (const HostRow& host : hosts) ++sizes[host.region];
  double widths = 0;
  for (const auto& [region, size] : sizes) widths += 2 * std::sqrt(static_cast<double>(size));
  const double gap = 24;
  const double room = kWidth - 2 * kMargin - gap * static_cast<double>(sizes.size() - 1);
  const double largest = std::sqrt(
      static_cast<double>(std::ranges::max_element(sizes, {}, [](const auto& entry) { return entry.second; })->second));
  const double scale = std::min(room / widths, (kHeight - 2 * kMargin - 20) / (2 * largest));
  struct Disc {
    double x;
    double next = 0;
  };
  std::map<std::string, Disc> discs;
  Layout layout;
  double x = (kWidth - widths * scale - gap * static_cast<double>(sizes.size() - 1)) / 2;
  for (const auto& [region, size] : sizes) {
    const double radius = std::sqrt(static_cast<double>(size)) * scale;
    discs[region] = {x + radius};
    layout.labels.push_back({x + radius, kHeight / 2 + radius + 20,
                             region.empty() ? fmt::format("{} hosts", size) : fmt::format("{}: {}", region, size)});
    x += 2 * radius + gap;
  }
  for (const HostRow& host : hosts) {
    Disc& disc = discs[host.region];
    const double turn = disc.next * std::numbers::pi * (3 - std::sqrt(5.0));
    const double out = std::sqrt(disc.next + 0.5) * scale * 0.97;
    layout.dots.push_back({disc.x + out * std::cos(turn), kHeight / 2 + out * std::sin(turn), 0});
    disc.next += 1;
  }
  layout.radius = std::clamp(scale * 0.62, 0.8, 7.0);
  return layout;
}

std::string links_svg(const std::vector<LinkRow>& links, const Layout& layout) {
  std::string out = "<g class=\"links\">";
  for (const LinkRow& link : links) {
    const auto a = static_cast<std::size_t>(link.a), b = static_cast<std::size_t>(link.b);
    if (a >= layout.dots.size() || b >= layout.dots.size()) continue;
    out += fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", layout.dots[a].x, layout.dots[a].y,
                       layout.dots[b].x, layout.dots[b].y);
  }
  return out + "</g>";
}

// " and 4000 links (3000 mesh, 1000 tcp), not all of them"
std::string linked_by(const std::vector<LinkRow>& links) {
  if (links.empty()) return {};
  std::map<std::string, std::size_t> kinds;
  for (const LinkRow& link : links) ++kinds[link.kind];
  std::string parts;
  for (const auto& [kind, count] : kinds) {
    parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", count, xml_escaped(kind));
  }
  const bool all = static_cast<std::int64_t>(links.size()) < kMaxLinks;
  return fmt::format(" and {} links ({}){}", links.size(), parts, all ? "" : ", not all of them");
}

// The largest first, which has the quietest colour.
std::vector<std::string> groups_by_size(const std::vector<HostRow>& hosts) {
  std::map<std::string, std::size_t> sizes;
  for (const HostRow& host : hosts) ++sizes[host.group];
  std::vector<std::string> names;
  for (const auto& [name, size] : sizes) names.push_back(name);
  std::ranges::sort(names, {},
                    [&](const std::string& name) { return std::tuple(-static_cast<std::int64_t>(sizes[name]), name); });
  return names;
}

// Dots of one colour are one path of points with round ends: a tenth of what as many circles take.
std::string dots_svg(const Layout& layout, std::size_t colours) {
  std::vector<std::string> paths(colours);
  for (const Dot& dot : layout.dots) paths[dot.colour] += fmt::format("M{:.1f} {:.1f}h0", dot.x, dot.y);
  // Many below, so that few are not hidden by them.
  std::vector<std::size_t> order(colours);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, std::greater{}, [&](std::size_t i) { return std::pair(paths[i].size(), i); });
  std::string out;
  for (const std::size_t i : order) {
    out += fmt::format("<path class=\"hosts s{}\" stroke-width=\"{:.2f}\" d=\"{}\"/>", i, 2 * layout.radius, paths[i]);
  }
  return out;
}

}  // namespace

Result<std::string> topology_chart(const Database& database, const RunRow& run) {
  Result<std::vector<HostRow>> all = hosts(database, run.id);
  if (!all) return fail(std::move(all));
  if (all->empty() || all->size() > kMaxDots) return std::string();
  Result<std::vector<LinkRow>> known = links(database, run.id, kMaxLinks);
  if (!known) return fail(std::move(known));
  std::string lines = linked_by(*known);
  if (known->empty()) {
    known = talks(database, run.id, kMaxTalks);
    if (!known) return fail(std::move(known));
    if (!known->empty()) lines = fmt::format(" and {} pairs of them that were seen to talk", known->size());
  }
  Layout layout = are_placed(*all) ? by_position(*all) : by_region(*all);
  const std::vector<std::string> names = groups_by_size(*all);
  for (std::size_t i = 0; i < all->size(); ++i) {
    const auto group = std::ranges::find(names, (*all)[i].group) - names.begin();
    layout.dots[i].colour = static_cast<std::size_t>(group) % Chart::kColours;
  }
  std::string html = fmt::format("<figure class=\"wide\"><figcaption>{} hosts{}</figcaption><ul class=\"legend\">",
                                 all->size(), lines);
  for (std::size_t i = 0; i < names.size(); ++i) {
    html += fmt::format("<li class=\"s{}\">{}</li>", i % Chart::kColours, xml_escaped(names[i]));
  }
  html += fmt::format("</ul><svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"hosts by region and group\">", kWidth,
                      kHeight);
  if (!known->empty()) html += links_svg(*known, layout);
  html += dots_svg(layout, std::min(names.size(), Chart::kColours));
  for (const Label& label : layout.labels) {
    html += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"label\" text-anchor=\"middle\">{}</text>", label.x,
                        label.y, xml_escaped(label.text));
  }
  return html + "</svg></figure>\n";
}

}  // namespace ghostnet::results
