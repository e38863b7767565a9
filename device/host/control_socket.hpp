// SPDX-License-Identifier: Apache-2.0
// A Unix socket at which local programs speak to the agent: a line there, a line back. Who may open the socket's file may
// speak. Bounded: few connections, short lines, and who does not read is dropped.
#pragma once

#include "base/error.hpp"
#include "device/host/files.hpp"
#include "device/host/poll_set.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::device {

class ControlSocket {
  public:
    using Answerer = std::function<std::string(std::string_view line)>;

    ControlSocket() = default;
    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    // Group and owner may speak; one that an agent left behind is replaced.
    Result<void> listen(const std::filesystem::path& path);
    void work(const Answerer& answer);
    void want(PollSet& set) const;
    // A line to everybody who said "watch".
    void announce(std::string_view line);

  private:
    struct Peer {
        Descriptor socket;
        std::string in;
        bool watching = false;
    };
    bool serve(Peer& peer, const Answerer& answer);

    static constexpr std::size_t most_peers = 16, longest_line = 512;
    std::filesystem::path path_;
    Descriptor listener_;
    std::vector<Peer> peers_;
};

// For `otabahn-device tell`: says a line and gives the answer.
Result<std::string> ask_agent(const std::filesystem::path& socket, std::string_view line);

}  // namespace otabahn::device
