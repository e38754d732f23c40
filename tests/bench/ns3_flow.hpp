// Flows of ns-3's own TCP that never run out of data, for benchmarks: CUBIC, segments of 1448 bytes, large buffers.
#pragma once

#include <ns3/config.h>
#include <ns3/inet-socket-address.h>
#include <ns3/node.h>
#include <ns3/object-factory.h>
#include <ns3/packet.h>
#include <ns3/simulator.h>
#include <ns3/socket.h>
#include <ns3/tcp-cubic.h>
#include <ns3/tcp-socket-factory.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <cstdint>

namespace ghostnet::bench {

inline void configure_ns3_tcp() {
  ns3::Config::SetDefault("ns3::TcpL4Protocol::SocketType", ns3::TypeIdValue(ns3::TcpCubic::GetTypeId()));
  ns3::Config::SetDefault("ns3::TcpSocket::SegmentSize", ns3::UintegerValue(1448));
  ns3::Config::SetDefault("ns3::TcpSocket::SndBufSize", ns3::UintegerValue(4 << 20));
  ns3::Config::SetDefault("ns3::TcpSocket::RcvBufSize", ns3::UintegerValue(4 << 20));
  ns3::Config::SetDefault("ns3::TcpSocket::InitialCwnd", ns3::UintegerValue(10));
  ns3::ObjectFactory scheduler;
  scheduler.SetTypeId("ns3::PriorityQueueScheduler");
  ns3::Simulator::SetScheduler(scheduler);
}

inline void ns3_take(std::uint64_t* received, ns3::Ptr<ns3::Socket> socket) {
  while (ns3::Ptr<ns3::Packet> packet = socket->Recv()) *received += packet->GetSize();
}
inline void ns3_accepted(std::uint64_t* received, ns3::Ptr<ns3::Socket> socket, const ns3::Address&) {
  socket->SetRecvCallback(ns3::MakeBoundCallback(&ns3_take, received));
}
inline void ns3_fill(ns3::Ptr<ns3::Socket> socket, std::uint32_t) {
  while (std::uint32_t room = socket->GetTxAvailable()) {
    if (socket->Send(ns3::Create<ns3::Packet>(std::min(room, 64u * 1024))) <= 0) return;
  }
}
inline void ns3_connected(ns3::Ptr<ns3::Socket> socket) { ns3_fill(socket, 0); }
inline void ns3_open(ns3::Ptr<ns3::Socket> socket, ns3::InetSocketAddress peer) { socket->Connect(peer); }

// From one node to another, counting what arrives. Starts when the simulation does.
inline void start_ns3_flow(ns3::Ptr<ns3::Node> from, ns3::Ptr<ns3::Node> to, ns3::Ipv4Address address,
                           std::uint16_t port, std::uint64_t* received) {
  ns3::TypeId tcp = ns3::TcpSocketFactory::GetTypeId();
  auto listening = ns3::Socket::CreateSocket(to, tcp);
  listening->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port));
  listening->Listen();
  listening->SetAcceptCallback(ns3::MakeNullCallback<bool, ns3::Ptr<ns3::Socket>, const ns3::Address&>(),
                               ns3::MakeBoundCallback(&ns3_accepted, received));
  auto sending = ns3::Socket::CreateSocket(from, tcp);
  sending->SetSendCallback(ns3::MakeCallback(&ns3_fill));
  sending->SetConnectCallback(ns3::MakeCallback(&ns3_connected), ns3::MakeCallback(&ns3_connected));
  ns3::Simulator::ScheduleWithContext(from->GetId(), ns3::Seconds(0), &ns3_open, sending,
                                      ns3::InetSocketAddress(address, port));
}

}  // namespace ghostnet::bench
