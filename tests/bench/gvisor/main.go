// gVisor's netstack on a packet socket of a network interface, as its sandbox uses it: one bulk TCP flow, in the
// direction that is asked for.
//
//	gvisor_peer send|receive INTERFACE
//
// The stack is 10.9.1.3 on a network whose other end is 10.9.1.1: with host segmentation offload, SACK
// and CUBIC. Prints Gbit/s of payload, measured for 0.7 s after 0.3 s, and waits to be ended.
package main

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

const (
	nic         = 1
	port        = 5000
	mtuBytes    = 1500
	gsoBytes    = 65536
	blockBytes  = 256 * 1024
	bufferMax   = 16 << 20
	socketBytes = 4 << 20
	warmUp      = 300 * time.Millisecond
	measured    = 700 * time.Millisecond
)

// Errors of Go and of the stack are of different types; what they have in common is to be nil.
func check(err any) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(3)
}

// A packet socket that passes offloads through: PACKET_VNET_HDR puts what segmentation and checksums need in front.
func openInterface(device *net.Interface) int {
	everything := uint16(unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, int(everything))
	check(err)
	check(unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: device.Index}))
	check(unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1))
	check(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBytes))
	check(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, socketBytes))
	return fd
}

func newStack(device *net.Interface) *stack.Stack {
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})
	sack := tcpip.TCPSACKEnabled(true)
	check(s.SetTransportProtocolOption(tcp.ProtocolNumber, &sack))
	cubic := tcpip.CongestionControlOption("cubic")
	check(s.SetTransportProtocolOption(tcp.ProtocolNumber, &cubic))
	receive := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4096, Default: 1 << 20, Max: bufferMax}
	check(s.SetTransportProtocolOption(tcp.ProtocolNumber, &receive))
	send := tcpip.TCPSendBufferSizeRangeOption{Min: 4096, Default: 1 << 20, Max: bufferMax}
	check(s.SetTransportProtocolOption(tcp.ProtocolNumber, &send))
	link, err := fdbased.New(&fdbased.Options{
		FDs:                []int{openInterface(device)},
		MTU:                mtuBytes,
		EthernetHeader:     true,
		Address:            tcpip.LinkAddress(device.HardwareAddr),
		GSOMaxSize:         gsoBytes,
		PacketDispatchMode: fdbased.RecvMMsg,
		RXChecksumOffload:  true,
	})
	check(err)
	check(s.CreateNIC(nic, link))
	address := tcpip.AddrFrom4([4]byte{10, 9, 1, 3})
	check(s.AddProtocolAddress(nic, tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: address.WithPrefix(),
	}, stack.AddressProperties{}))
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	return s
}

func connection(s *stack.Stack, sends bool) net.Conn {
	if sends {
		peer := tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4([4]byte{10, 9, 1, 1}), Port: port}
		for {
			if c, err := gonet.DialTCP(s, peer, ipv4.ProtocolNumber); err == nil {
				return c
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	listener, err := gonet.ListenTCP(s, tcpip.FullAddress{NIC: nic, Port: port}, ipv4.ProtocolNumber)
	check(err)
	c, err := listener.Accept()
	check(err)
	return c
}

func main() {
	if len(os.Args) != 3 || (os.Args[1] != "send" && os.Args[1] != "receive") {
		fmt.Fprintln(os.Stderr, "usage: gvisor_peer send|receive INTERFACE")
		os.Exit(2)
	}
	device, err := net.InterfaceByName(os.Args[2])
	check(err)
	sends := os.Args[1] == "send"
	c := connection(newStack(device), sends)
	var moved atomic.Int64
	go func() {
		block := make([]byte, blockBytes)
		for {
			var n int
			var err error
			if sends {
				n, err = c.Write(block)
			} else {
				n, err = c.Read(block)
			}
			check(err)
			moved.Add(int64(n))
		}
	}()
	time.Sleep(warmUp)
	before, begin := moved.Load(), time.Now()
	time.Sleep(measured)
	fmt.Printf("%.6f\n", float64(moved.Load()-before)*8/float64(time.Since(begin).Nanoseconds()))
	select {}
}
