// SPDX-License-Identifier: Apache-2.0
// The server's certificate, for all of its TLS listeners: it can be replaced while they run. New handshakes take the new one, open
// connections stay. The program owns it; any thread.
#pragma once

#include "tls/context.hpp"

#include <array>
#include <memory>
#include <mutex>

namespace otabahn::tls {

class Server {
  public:
    static Result<std::unique_ptr<Server>> open(Files files);

    // Reads the files again. A refusal changes nothing: what was good stays in use.
    Result<void> reload();
    Context context(Entrance entrance) const;
    const Files& files() const { return files_; }

  private:
    using Contexts = std::array<Context, 3>;  // in the order of Entrance
    Server(Files files, Contexts contexts) : files_(std::move(files)), contexts_(std::move(contexts)) {}
    static Result<Contexts> read(const Files& files);

    const Files files_;
    mutable std::mutex mutex_;
    Contexts contexts_;
};

}  // namespace otabahn::tls
