/* A driver's library with two H100s, as far as the reader asks: STUB_LOST names one that has fallen off the bus, STUB_ASKS is what
   the driver asks for (field 230). What is not written here is "function not found", as with an old driver. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned int gpu, memory; } use_t;
typedef struct {
  unsigned int fieldId, scopeId;
  long long timestamp, latencyUsec;
  unsigned int valueType, nvmlReturn;
  union { double d; unsigned int ui; unsigned long ul; unsigned long long ull; } value;
} field_t;

static int index_of[2] = {0, 1};

static int asked(const char *name, int fallback) {
  const char *text = getenv(name);
  return text ? atoi(text) : fallback;
}

int nvmlInit_v2(void) { return 0; }
int nvmlInitWithFlags(unsigned int flags) { (void)flags; return 0; }
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int code) { return code == 15 ? "GPU is lost" : "error"; }
int nvmlSystemGetDriverVersion(char *text, unsigned int room) { snprintf(text, room, "580.95.05"); return 0; }
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int at, void **device) {
  if (asked("STUB_LOST", -1) == (int)at) return 15;
  *device = &index_of[at];
  return 0;
}
int nvmlDeviceGetName(void *device, char *text, unsigned int room) { (void)device; snprintf(text, room, "NVIDIA H100 80GB HBM3"); return 0; }
int nvmlDeviceGetUUID(void *device, char *text, unsigned int room) { snprintf(text, room, "GPU-stub-%d", *(int *)device); return 0; }
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory) {
  (void)device;
  memory->total = 80ull << 30; memory->used = 20ull << 30; memory->free = 60ull << 30;
  return 0;
}
int nvmlDeviceGetUtilizationRates(void *device, use_t *use) { (void)device; use->gpu = 97; use->memory = 40; return 0; }
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned int *degrees) { (void)sensor; *degrees = 61 + *(int *)device; return 0; }
int nvmlDeviceGetPowerUsage(void *device, unsigned int *milliwatts) { (void)device; *milliwatts = 650000; return 0; }
int nvmlDeviceGetRemappedRows(void *device, unsigned int *correctable, unsigned int *uncorrectable, unsigned int *pending, unsigned int *failed) {
  (void)device; *correctable = 0; *uncorrectable = 1; *pending = 1; *failed = 0;
  return 0;
}
int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *reasons) { (void)device; *reasons = 0x40; return 0; }
int nvmlDeviceGetFieldValues(void *device, int count, field_t *values) {
  (void)device;
  for (int at = 0; at < count; at++) {
    values[at].nvmlReturn = values[at].fieldId == 230 ? 0 : 3;
    values[at].value.ui = (unsigned int)asked("STUB_ASKS", 0);
  }
  return 0;
}
