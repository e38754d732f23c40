// SceneModel: keeps the scene of the document's instant. It asks for moments and layouts, puts what comes back
// together, and says changed() whenever there is something else to draw.
//
// One moment is under way at a time; when it comes, the next is asked for the instant that is then the document's. So a
// slow disk lowers the rate of moments, and messages on their way, which a moment holds a little ahead of its instant,
// still move at every frame.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <memory>
#include <optional>

#include "ghostnet/gui/background.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/colouring.hpp"
#include "ghostnet/gui/scene/moment.hpp"
#include "ghostnet/gui/scene/propagation.hpp"
#include "ghostnet/gui/scene/scene.hpp"

namespace ghostnet::gui {

class SceneModel : public QObject {
  Q_OBJECT

 public:
  // Simulated time that messages are read ahead.
  static constexpr std::int64_t kAheadNs = 250'000'000;
  // Beyond so many a layout and a followed message are cut short, and say so.
  static constexpr std::int64_t kMaxLayoutLinks = 300'000;
  static constexpr std::int64_t kMaxHops = 200'000;
  static constexpr std::size_t kMaxRouted = 8;  // selected hosts between which routes are sought

  explicit SceneModel(Document& document, QObject* parent = nullptr);

  const Scene& scene() const { return scene_; }
  const Moment& moment() const { return moment_; }
  const Legend& legend() const { return legend_; }
  // Nothing where all are of one size.
  const std::optional<SizeLegend>& size_legend() const { return size_legend_; }
  // Whether a message was seen on its way since the run is shown.
  bool has_messages() const { return has_messages_; }
  // The followed message; empty when none is. It does not change once made.
  const Propagation& propagation() const { return *propagation_; }
  std::shared_ptr<const Propagation> shared_propagation() const { return propagation_; }
  // Links that are up now, of each of the edge set's kinds.
  const std::vector<std::size_t>& link_counts() const { return link_counts_; }
  // Links that go from one part of a network that is cut apart to another.
  std::size_t cut_links() const { return cut_links_; }
  // Ways through the routers to or between what is selected, shown or not.
  std::size_t route_count() const { return routes_ != nullptr ? routes_->count : 0; }
  const RouteLook* routes() const { return scene_.routes.get(); }
  // "requests 1,204" of one host, for the card; empty without a metric.
  QString value_of(std::size_t host) const;
  // Something is asked and not yet here.
  bool is_busy() const { return layouts_.pending() > 0 || routing_.pending() > 0 || moment_asked_; }

 Q_SIGNALS:
  void changed();
  // Hosts came to stand elsewhere: a camera that was not moved by hand should show them all.
  void placed();
  void propagation_changed();

 private:
  void begin_run();
  void ask_layout();
  void take_placement(Placement placement);
  void ask_moment();
  void take_moment(Moment moment);
  void ask_ranges();
  void ask_trace();
  void ask_routes();
  void show_routes();
  void find_table();
  void set_ground(std::shared_ptr<const Ground> ground);
  std::vector<Pair> routes_wanted() const;
  void apply_look();
  void apply_selection();
  void colour_nodes();
  void colour_trace();
  bool follows() const { return !propagation_->empty(); }
  const Colouring& named_colouring();
  void place_moving();

  Document& document_;
  Background layouts_;
  Background routing_;
  Inquiry links_inquiry_;
  Inquiry layout_inquiry_;
  Inquiry moment_inquiry_;
  Inquiry range_inquiry_;
  Inquiry trace_inquiry_;
  Inquiry routes_inquiry_;
  std::shared_ptr<RouteFinder> finder_;  // of routing_'s thread; null: the run is on no graph
  std::shared_ptr<const RouteLook> routes_;
  std::shared_ptr<MomentReader> reader_;
  bool moment_asked_ = false;
  std::optional<MomentWish> moment_wished_;
  bool forget_ = false;
  QElapsedTimer read_anew_;
  struct Named {
    std::string by{};
    ThemeKind theme = ThemeKind::dark;
    std::shared_ptr<const HostTable> hosts{};
    std::shared_ptr<const std::vector<Condition>> conditions{};  // where colours follow the state
    Colouring colouring{};
  };
  Named named_;
  LayoutKind laid_out_ = LayoutKind::automatic;
  std::optional<std::int64_t> shown_trace_;
  std::string ranged_colour_;
  std::string ranged_size_;
  ValueRange colour_range_;
  ValueRange size_range_;
  Scene scene_;
  Moment moment_;
  Legend legend_;
  std::optional<SizeLegend> size_legend_;
  bool has_messages_ = false;
  std::shared_ptr<const Propagation> propagation_ = std::make_shared<Propagation>();
  std::vector<std::size_t> link_counts_;
  std::size_t cut_links_ = 0;
};

}  // namespace ghostnet::gui
