// SPDX-License-Identifier: Apache-2.0
// A listening socket on a free port of 127.0.0.1, for the peers that tests play. Owned by a test.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace otabahn::device {

class LoopbackListener {
  public:
    LoopbackListener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size);
        ::listen(socket_, 4);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        authority = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    }
    ~LoopbackListener() { ::close(socket_); }
    LoopbackListener(const LoopbackListener&) = delete;
    LoopbackListener& operator=(const LoopbackListener&) = delete;

    int accept() const { return ::accept(socket_, nullptr, nullptr); }
    std::string authority;  // HOST:PORT

  private:
    int socket_;
};

}  // namespace otabahn::device
