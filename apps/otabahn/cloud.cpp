// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn/cloud.hpp"

#include "access/access.hpp"
#include "access/sql.hpp"
#include "apps/otabahn/data_folder.hpp"
#include "apps/otabahn/presigner.hpp"
#include "apps/otabahn/server_certificate.hpp"
#include "awsapi/compatibility.hpp"
#include "blob/folder.hpp"
#include "bus/bus.hpp"
#include "gateway/gateway.hpp"
#include "gateway/policy_gate.hpp"
#include "gateway/rest.hpp"
#include "gateway/sql.hpp"
#include "http/http_server.hpp"
#include "jobs/jobs.hpp"
#include "jobs/sql.hpp"
#include "objects/objects.hpp"
#include "objects/sql.hpp"
#include "pki/pki.hpp"
#include "registry/registry.hpp"
#include "registry/sql.hpp"
#include "retained/retained.hpp"
#include "retained/sql.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/pool.hpp"
#include "shadow/shadows.hpp"
#include "shadow/sql.hpp"
#include "signer/signer.hpp"
#include "signer/sql.hpp"
#include "store/store.hpp"
#include "streams/sql.hpp"
#include "streams/streams.hpp"
#include "tls/server_name.hpp"

#include <prometheus/registry.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

namespace otabahn::program {

namespace fs = std::filesystem;

namespace {

// A thread of a pool waits for its group's commit: that many operations meet in one commit at the most.
constexpr std::size_t work_threads = 48, work_queue = 4096;
constexpr auto due_every = std::chrono::seconds(1);
constexpr unsigned look_at_certificate_every = 10;  // of these

const std::vector<store::ModuleSchema> schemas{
    {"access", access::sql::schema},     {"objects", objects::sql::schema}, {"registry", registry::sql::schema},
    {"signer", signer::sql::schema},     {"streams", streams::sql::schema}, {"jobs", jobs::sql::schema},
    {"retained", retained::sql::schema}, {"shadow", shadow::sql::schema},   {"gateway", gateway::sql::schema},
};

std::string host_of(const std::string& address) {
    const auto colon = address.rfind(':');
    auto host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    return host;
}

// Where clients find a listener: one on every address is reached by the server's name, for 0.0.0.0 is nobody's address and
// would stand in the URLs that devices are handed.
std::string reached_at(const http::Address& bound, const std::string& hostname) {
    const bool everywhere = bound.host == "0.0.0.0" || bound.host == "::";
    return http::Address{everywhere ? hostname : bound.host, bound.port}.text();
}

// The names that the listeners' certificate carries: design, section 3.
pki::ServerNames server_names(const ServeSettings& settings) {
    pki::ServerNames names{{settings.hostname, "localhost"}, {"127.0.0.1", "::1"}};
    for (const auto& address : {settings.http, settings.mqtt, settings.https, settings.device_https}) {
        const auto host = host_of(address);
        const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos || host.find(':') != std::string::npos;
        (numeric ? names.addresses : names.dns).push_back(host);
    }
    std::erase(names.dns, "");
    std::erase_if(names.addresses, [](const std::string& address) { return address.empty() || address == "0.0.0.0" || address == "::"; });
    return names;
}

Result<std::string> read_pem(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(ErrorCode::not_found, "[[acm]]: cannot read " + file.string() + ".", file.string());
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

// In the order of construction; destruction runs the other way.
struct Cloud::Parts {
    Parts(DataFolder folder_, std::unique_ptr<runtime::Store> store_, std::unique_ptr<runtime::BlobStore> blobs_,
          std::unique_ptr<pki::Pki> pki_, const ServeSettings& settings)
        : folder(std::move(folder_)),
          store(std::move(store_)),
          blobs(std::move(blobs_)),
          pki(std::move(pki_)),
          access(*store, bus, clock),
          objects(*store, *blobs, bus, clock, access),
          registry(*store, bus, clock, *pki, access, settings.hostname),
          streams(*store, bus, clock, objects, access, settings.quotas == "extended"),
          signer(*store, clock, objects, access, [this](std::function<void()> work) { pool.post(std::move(work)); }),
          jobs(*store, bus, clock, objects, access, make_presigner(access, objects, clock, [this] { return where().http; })),
          retained(*store, clock, access, settings.quotas == "extended"),
          shadows(*store, bus, clock, access, settings.quotas == "extended" ? shadow::extended_limits : shadow::aws_limits),
          pool("work", work_threads, work_queue),
          store_pool("gateway-store", 1, work_queue) {}

    void bind() {
        access.bind_rest(operations);
        objects.bind_rest(operations);
        registry.bind_rest(operations);
        signer.bind_rest(operations);
        streams.bind_rest(operations);
        jobs.bind_rest(operations);
        retained.bind_rest(operations);
        shadows.bind_rest(operations);
        gateway::bind_rest(operations, access, [this]() -> gateway::Gateway& { return *gateway; });
    }

    Result<void> prepare(const ServeSettings& settings);
    Result<void> listen(const ServeSettings& settings);
    void run_due();

    DataFolder folder;
    runtime::SystemClock clock;
    bus::InProcessBus bus;
    std::unique_ptr<runtime::Store> store;
    std::unique_ptr<runtime::BlobStore> blobs;
    std::unique_ptr<pki::Pki> pki;
    access::Access access;
    objects::Objects objects;
    registry::Registry registry;
    streams::Streams streams;
    signer::Signer signer;
    jobs::Jobs jobs;
    retained::Retained retained;
    shadow::Shadows shadows;
    awsapi::Operations operations;
    std::shared_ptr<prometheus::Registry> metrics = std::make_shared<prometheus::Registry>();
    runtime::BlockingPool pool;
    runtime::BlockingPool store_pool;  // the gateway's queue to the store, for which requests on `pool` may wait
    gateway::RegistryIdentities identities{registry, *store};
    gateway::StreamsSource stream_source{streams};
    std::unique_ptr<ServerCertificate> server_certificate;
    std::unique_ptr<gateway::Gateway> gateway;
    std::unique_ptr<http::HttpServer> http;

    // Known once all listeners are bound; the first of them may ask from its own threads before that.
    Endpoints where() {
        const std::lock_guard lock(endpoints_mutex);
        return endpoints;
    }
    std::mutex endpoints_mutex;
    Endpoints endpoints;
    std::string well_known;

    std::mutex due_mutex;
    std::condition_variable due_wake;
    bool due_stop = false;
    std::thread due_thread;
};

Result<void> Cloud::Parts::prepare(const ServeSettings& settings) {
    std::vector<access::AccessKey> keys;
    for (const auto& account : settings.accounts) {
        auto key = access.ensure_root_key(AccountId::trusted(account));
        if (!key) return Unexpected(key.error());
        keys.push_back(std::move(*key));
    }
    if (auto written = folder.write_credentials(keys); !written) return written;
    if (auto swept = objects.sweep_orphans(); !swept) return Unexpected(swept.error());
    for (const auto& certificate : settings.acm) {
        auto pem = read_pem(certificate.certificate);
        if (!pem) return Unexpected(pem.error());
        auto key = read_pem(certificate.private_key);
        if (!key) return Unexpected(key.error());
        if (auto loaded = signer.load_certificate(certificate.arn, *pem, *key); !loaded)
            return fail(loaded.error().code, "[[acm]] " + certificate.arn + ": " + loaded.error().message, certificate.arn);
    }
    bind();
    return signer.resume_jobs();
}

Result<void> Cloud::Parts::listen(const ServeSettings& settings) {
    http::HttpOptions options;
    for (auto [text, into] : {std::pair(&settings.https, &options.https), std::pair(&settings.device_https, &options.device_https)}) {
        auto address = http::Address::parse(*text);
        if (!address) return Unexpected(address.error());
        *into = *address;
    }
    auto address = http::Address::parse(settings.http);
    if (!address) return Unexpected(address.error());
    options.http = *address;
    auto opened = ServerCertificate::open(settings, *pki, server_names(settings));
    if (!opened) return Unexpected(opened.error());
    server_certificate = std::move(*opened);
    options.tls = &server_certificate->tls();
    options.hostname = settings.hostname;
    options.admit_device = [this](const std::string& id, const std::string& name,
                                  const std::string& peer) -> Result<http::DeviceAdmission> {
        auto gate = gateway->admit_device(id, tls::region_of_host(name), peer);
        if (!gate) return Unexpected(std::move(gate).error());
        return http::DeviceAdmission{(*gate)->admission()->scope, [gate = *gate](const std::string& action, const std::string& resource) {
                                         return gate->permit(action, resource);
                                     }};
    };
    // The gateway takes connections from its own start on, which comes before this server's.
    options.take_mqtt = [this](http::MqttArrival arrival) {
        const bool signs = arrival.caller.has_value();
        gateway->take({std::move(arrival.connected), signs ? gateway::Via::websocket : gateway::Via::alpn,
                       signs ? std::make_shared<const awsapi::Caller>(std::move(*arrival.caller)) : nullptr, std::move(arrival.received)});
    };
    http = std::make_unique<http::HttpServer>(options, pool, access, operations, clock, metrics, [this] {
        const std::lock_guard lock(endpoints_mutex);
        return well_known;
    });

    auto mqtt_address = http::Address::parse(settings.mqtt);
    if (!mqtt_address) return Unexpected(mqtt_address.error());
    gateway::Options device;
    device.host = mqtt_address->host;
    device.port = mqtt_address->port;
    auto loops = loops_of(settings);
    if (!loops) return Unexpected(loops.error());
    device.loops = *loops;
    device.extended_quotas = settings.quotas == "extended";
    gateway = std::make_unique<gateway::Gateway>(
        device,
        gateway::Parts{
            *store, bus, clock, pool, server_certificate->tls(), identities, stream_source, {&jobs, &shadows}, *metrics, &store_pool});

    auto mqtt = gateway->start();
    if (!mqtt) return Unexpected(mqtt.error());
    auto bound = http->start();
    if (!bound) return Unexpected(bound.error());
    const Endpoints bound_at{.http = "http://" + reached_at(bound->http, settings.hostname),
                             .mqtt = reached_at({mqtt->host, mqtt->port}, settings.hostname),
                             .https = reached_at(*bound->https, settings.hostname),
                             .device_https = reached_at(*bound->device_https, settings.hostname),
                             .account = settings.accounts.front(),
                             .quotas = settings.quotas};
    {
        const std::lock_guard lock(endpoints_mutex);
        endpoints = bound_at;
        well_known = well_known_json(bound_at, server_certificate->root_pem());
    }
    return folder.write_endpoints(bound_at, server_certificate->root_file());
}

void Cloud::Parts::run_due() {
    unsigned seconds = 0;
    std::unique_lock lock(due_mutex);
    while (!due_wake.wait_for(lock, due_every, [this] { return due_stop; })) {
        lock.unlock();
        try {
            if (++seconds % look_at_certificate_every == 0) server_certificate->reload_if_changed(clock.now());
            for (const auto& ran : {jobs.run_due(clock.now()), shadows.run_due(clock.now())})
                if (!ran) spdlog::warn("due work failed what=\"{}\"", ran.error().message);
        } catch (const std::exception& failure) {
            // On this thread nobody else would catch it, and the whole server would end.
            spdlog::error("due work failed, it is tried again what=\"{}\"", failure.what());
        }
        lock.lock();
    }
}

Cloud::Cloud(ServeSettings settings) : settings_(std::move(settings)) {}
Cloud::~Cloud() { stop(); }

Result<void> Cloud::start() {
    auto folder = DataFolder::open(settings_.data);
    if (!folder) return Unexpected(folder.error());
    if (auto removed = folder->remove_endpoints(); !removed) return removed;
    const auto path = folder->path();
    auto store = store::open_sqlite(path / "state.db", schemas);
    if (!store) return Unexpected(store.error());
    auto blobs = blob::open_folder(path / "blobs");
    if (!blobs) return Unexpected(blobs.error());
    auto pki = pki::Pki::open(path, server_names(settings_), runtime::SystemClock().now());
    if (!pki) return Unexpected(pki.error());
    parts_ = std::make_unique<Parts>(std::move(*folder), std::move(*store), std::move(*blobs), std::move(*pki), settings_);
    if (auto prepared = parts_->prepare(settings_); !prepared) return prepared;
    if (auto listening = parts_->listen(settings_); !listening) return listening;
    parts_->due_thread = std::thread([parts = parts_.get()] { parts->run_due(); });
    return {};
}

void Cloud::reload() { parts_->server_certificate->reload(parts_->clock.now()); }

void Cloud::stop() {
    if (!parts_) return;
    if (parts_->due_thread.joinable()) {
        {
            const std::lock_guard lock(parts_->due_mutex);
            parts_->due_stop = true;
        }
        parts_->due_wake.notify_all();
        parts_->due_thread.join();
    }
    if (parts_->http) parts_->http->stop();
    if (parts_->gateway) parts_->gateway->stop();
    parts_->store_pool.stop();
    parts_->pool.stop();
    parts_.reset();
}

std::string Cloud::ready_line() const {
    const auto at = parts_->where();
    return "otabahn ready http=" + at.http + " mqtt=" + at.mqtt + " https=" + at.https + " device-https=" + at.device_https +
           " data=" + parts_->folder.path().string();
}

Result<std::string> Cloud::compatibility_markdown() {
    const auto scratch = fs::temp_directory_path() / ("otabahn-compatibility-" + std::to_string(::getpid()));
    Result<std::string> out = [&]() -> Result<std::string> {
        ServeSettings settings;
        settings.accounts = {"000000000000"};
        auto folder = DataFolder::open(scratch);
        if (!folder) return Unexpected(folder.error());
        auto store = store::open_sqlite(scratch / "state.db", schemas);
        if (!store) return Unexpected(store.error());
        auto blobs = blob::open_folder(scratch / "blobs");
        if (!blobs) return Unexpected(blobs.error());
        auto pki = pki::Pki::open(scratch, server_names(settings), runtime::SystemClock().now());
        if (!pki) return Unexpected(pki.error());
        Parts parts(std::move(*folder), std::move(*store), std::move(*blobs), std::move(*pki), settings);
        parts.bind();
        return awsapi::compatibility_table(parts.operations);
    }();
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
    return out;
}

}  // namespace otabahn::program
