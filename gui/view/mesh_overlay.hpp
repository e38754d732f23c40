// What is written over the mesh: names of crowds and hosts, rings around what is selected, the card of the host under
// the pointer, and what is the matter with the network. Pixels are those of the screen.
#pragma once

#include <QPainter>
#include <optional>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/camera.hpp"
#include "ghostnet/gui/scene/scene_model.hpp"

namespace ghostnet::gui {

struct Overlay {
  const Document& document;
  const SceneModel& model;
  const Camera& camera;
  std::optional<std::size_t> hovered{};
  bool captioned = false;  // with the name of the run and the instant: a picture that stands alone
};

void paint_overlay(QPainter& painter, const Overlay& overlay);

}  // namespace ghostnet::gui
