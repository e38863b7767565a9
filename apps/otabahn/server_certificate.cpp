// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn/server_certificate.hpp"

#include "runtime/log.hpp"
#include "x509/x509.hpp"

#include <fstream>
#include <sstream>

namespace otabahn::program {

namespace fs = std::filesystem;

namespace {

Result<std::string> read_root(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) return fail(ErrorCode::not_found, "--tls-root: cannot read " + file.string() + ".", file.string());
    if (auto certificate = x509::Certificate::parse_pem(text.str()); !certificate)
        return fail(ErrorCode::invalid_request, "--tls-root: " + file.string() + ": " + certificate.error().message, file.string());
    return text.str();
}

}  // namespace

Result<std::unique_ptr<ServerCertificate>> ServerCertificate::open(const ServeSettings& settings, pki::Pki& pki, pki::ServerNames names) {
    const bool own = settings.tls_certificate.empty();
    std::unique_ptr<ServerCertificate> out(new ServerCertificate(pki, std::move(names), own));
    out->root_file_ = own ? pki.root_certificate_file() : fs::absolute(settings.tls_root);
    out->root_pem_ = pki.root_certificate_pem();
    if (!own) {
        auto root = read_root(out->root_file_);
        if (!root) return Unexpected(root.error());
        out->root_pem_ = std::move(*root);
    }
    auto opened = tls::Server::open(own ? tls::Files{pki.server_certificate_file().string(), pki.server_key_file().string()}
                                        : tls::Files{settings.tls_certificate, settings.tls_key});
    if (!opened) return Unexpected(opened.error());
    out->tls_ = std::move(*opened);
    out->seen_ = out->stamp();
    return out;
}

ServerCertificate::Stamp ServerCertificate::stamp() const {
    Stamp out;
    for (const auto& file : {tls_->files().certificate, tls_->files().key}) {
        std::error_code missing;  // then its time is the least one, and the file's return is a change
        out.push_back(fs::last_write_time(file, missing));
    }
    return out;
}

void ServerCertificate::renew_own(Timestamp now) {
    if (!own_) return;
    if (auto renewed = pki_.renew_server_certificate(names_, now); !renewed)
        spdlog::error("server certificate not renewed what=\"{}\"", renewed.error().message);
}

void ServerCertificate::read_again() {
    seen_ = stamp();
    if (auto read = tls_->reload(); !read)
        spdlog::error("server certificate not reloaded, the one before stays in use what=\"{}\"", read.error().message);
    else
        spdlog::info("server certificate reloaded file={}", tls_->files().certificate);
}

void ServerCertificate::reload(Timestamp now) {
    const std::lock_guard lock(mutex_);
    renew_own(now);
    read_again();
}

void ServerCertificate::reload_if_changed(Timestamp now) {
    const std::lock_guard lock(mutex_);
    renew_own(now);
    if (stamp() != seen_) read_again();
}

}  // namespace otabahn::program
