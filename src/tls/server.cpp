// SPDX-License-Identifier: Apache-2.0
#include "tls/server.hpp"

namespace otabahn::tls {

Result<Server::Contexts> Server::read(const Files& files) {
    auto mqtt = Context::make(files, Entrance::mqtt);
    if (!mqtt) return Unexpected(std::move(mqtt).error());
    auto https = Context::make(files, Entrance::https);
    if (!https) return Unexpected(std::move(https).error());
    auto device_https = Context::make(files, Entrance::device_https);
    if (!device_https) return Unexpected(std::move(device_https).error());
    return Contexts{std::move(*mqtt), std::move(*https), std::move(*device_https)};
}

Result<std::unique_ptr<Server>> Server::open(Files files) {
    auto contexts = read(files);
    if (!contexts) return Unexpected(std::move(contexts).error());
    return std::unique_ptr<Server>(new Server(std::move(files), std::move(*contexts)));
}

Result<void> Server::reload() {
    auto contexts = read(files_);
    if (!contexts) return Unexpected(std::move(contexts).error());
    const std::lock_guard lock(mutex_);
    contexts_ = std::move(*contexts);
    return {};
}

Context Server::context(Entrance entrance) const {
    const std::lock_guard lock(mutex_);
    return contexts_[static_cast<std::size_t>(entrance)];
}

}  // namespace otabahn::tls
